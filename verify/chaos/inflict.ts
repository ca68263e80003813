import { setTimeout as delay } from "node:timers/promises";
import type { LinkFault } from "./far/link.ts";
import type { Mood, Spell } from "./far/mood.ts";
import type { Other } from "./far/otherDatabase.ts";
import { judgeServing } from "./far/serving.ts";
import type { Journal } from "./journal.ts";
import type { Ledger } from "./observer/ledger.ts";
import { FULL, MachineHarm, READ_ONLY } from "./machineHarm.ts";
import type { Tester } from "./testers.ts";
import type { FaultKind, PlannedFault } from "./schedule.ts";
import type { Part, System } from "./system.ts";

const MOOD_OF = {
  driver_slow: "slow",
  driver_hanging: "hanging",
  driver_failing: "failing",
  driver_full: "full",
  driver_untrue_deletes: "untrue_deletes",
  driver_half_deletes: "half_deletes",
  driver_empty_listings: "empty_listings",
  driver_cut_listings: "cut_listings",
  driver_lost_answers: "lost_answers",
} as const satisfies Partial<Record<FaultKind, Mood>>;

/** For the first call that it changes; a node that is cut off makes none. */
const MOOD_WAITS_SECONDS = 120;

/** How many seconds at a time: longer than a probe's attempt, with all that it is prolonged by. */
const BUSY_SECONDS = 9;

/** What keeps the far edge from its database, or from answering, by itself; and for how long at most. */
const KEEPS_FROM_SERVING: readonly FaultKind[] = [
  ...(["edge_killed", "edge_frozen", "postgres_killed", "postgres_frozen", "everything_killed"] as const),
  ...(["database_link_silent", "database_link_cut"] as const),
];
const KEPT_FOR_MS = 60_000;

/** Brings a planned fault about, on whoever can suffer it at that moment. */
export class Inflictor {
  readonly #system: System;
  readonly #journal: Journal;
  readonly #ledger: Ledger;
  /** In whose name an edge is asked whether it serves. */
  readonly #tester: Tester;
  readonly #machines: MachineHarm;
  readonly #judged = new Set<Promise<void>>();
  /** What still lasts: each ends its fault. */
  readonly #lasting = new Set<() => Promise<void>>();

  constructor(system: System, journal: Journal, ledger: Ledger, tester: Tester) {
    this.#system = system;
    this.#journal = journal;
    this.#ledger = ledger;
    this.#tester = tester;
    this.#machines = new MachineHarm(system, journal);
  }

  /** Returns when the fault has begun; what lasts ends by itself later. */
  async inflict(fault: PlannedFault): Promise<void> {
    try {
      const { whom, hits } = await this.#begin(fault);
      this.#journal.inject(fault.kind, whom, hits);
    } catch (error) {
      this.#journal.miss(fault.kind, error instanceof Error ? error.message : String(error));
    }
  }

  /** Ends all that lasts. */
  async endAll(): Promise<void> {
    await Promise.all([...this.#lasting].map((end) => end()));
    await Promise.all(this.#judged);
  }

  /** @throws Error where nothing is there to suffer it. */
  async #begin(fault: PlannedFault): Promise<Begun> {
    const { ground, far, kept } = this.#system;
    const { relayToEdge, edgeToDatabase, machines } = far.links;
    switch (fault.kind) {
      case "relay_killed":
        return sure(this.#onOneOf("relay", fault.pick, "SIGKILL"));
      case "edge_killed":
        return sure(this.#onOneOf("edge", fault.pick, "SIGKILL"));
      case "postgres_killed":
        return sure(this.#onPart("postgres", "SIGKILL"));
      case "everything_killed":
        await this.#system.powerCut();
        return sure("all of it but the far site, and started again");
      case "relay_frozen":
        return sure(this.#freeze("relay", fault));
      case "edge_frozen":
        return sure(this.#freeze("edge", fault));
      case "postgres_frozen":
        return sure(this.#freeze("postgres", fault));
      case "relay_replaced":
        return sure(this.#replaceRelay(fault.seconds));
      case "machine_killed":
        return sure(await this.#machines.harm(fault.pick, (name) => ground.kill(name)));
      case "machine_vanished":
        return sure(await this.#machines.harm(fault.pick, (name) => ground.vanish(name)));
      case "machine_frozen":
        return sure(await this.#freezeMachine(fault));
      case "relay_link_silent":
        return this.#lastFor(fault.seconds, relayToEdge.silence());
      case "database_link_silent":
        return this.#lastFor(fault.seconds, edgeToDatabase.silence());
      case "machine_link_silent":
        return this.#lastFor(fault.seconds, machines.silence(fault.pick));
      case "relay_link_cut":
        return this.#lastFor(fault.seconds, relayToEdge.cut());
      case "database_link_cut":
        return this.#lastFor(fault.seconds, edgeToDatabase.cut());
      case "machine_link_cut":
        return this.#lastFor(fault.seconds, machines.cut(fault.pick));
      case "database_failed_over":
        return this.#leadDatabase("standby", fault.seconds);
      case "database_pooled":
        return this.#leadDatabase("pooler", fault.seconds);
      case "machine_read_only":
        return sure(await this.#machines.harmReady(fault.pick, READ_ONLY));
      case "machine_full":
        return sure(await this.#machines.harmReady(fault.pick, FULL));
      case "machine_copied":
        return sure(await this.#machines.copy(fault.pick));
      case "machine_renamed":
        return sure(
          await this.#machines.harm(fault.pick, async (name) => void (await kept.put("rename", name))),
        );
      case "relay_busy":
        return sure(await this.#busyRelay(fault.seconds));
      case "clock_jumped":
        return sure(await this.#setClock(fault));
      default:
        return this.#setMood(MOOD_OF[fault.kind], fault.seconds);
    }
  }

  /** The one of `npm start`, whose supervisor starts another. @returns whom it hit. */
  #onPart(part: Part, signal: NodeJS.Signals): string {
    const pid = this.#system.pidOf(part);
    process.kill(pid, signal);
    return `process ${pid} of npm start`;
  }

  /** Either the one of `npm start` or the far one. @returns whom it hit. */
  #onOneOf(part: "relay" | "edge", pick: number, signal: NodeJS.Signals): string {
    if (pick < 0.5) return this.#onPart(part, signal);
    return `process ${this.#system.far[part].signal(signal)}, the far one`;
  }

  #freeze(part: Part, { pick, seconds }: PlannedFault): string {
    const isFar = part !== "postgres" && pick >= 0.5;
    const pid = isFar ? this.#system.far[part].signal("SIGSTOP") : this.#system.pidOf(part);
    process.kill(pid, "SIGSTOP");
    this.#endAfter(seconds, async () => continueIfThere(pid));
    return `process ${pid}${isFar ? ", the far one" : ""}, ${seconds.toFixed(0)} s`;
  }

  #replaceRelay(seconds: number): string {
    const { old, wake } = this.#system.far.relay.replace();
    this.#endAfter(seconds, async () => wake());
    return `process ${old}, which goes on after ${seconds.toFixed(0)} s`;
  }

  /** What may hit at any time until it ends, or not at all. */
  #lastFor(seconds: number, fault: LinkFault | Spell): Begun {
    this.#endAfter(seconds, async () => fault.end());
    return { whom: `${fault.hits()} at once, ${seconds.toFixed(0)} s`, hits: () => fault.hits() };
  }

  #setMood(mood: Mood, seconds: number): Begun {
    const spell = this.#system.far.driver.begin(mood, seconds);
    const { hits } = this.#lastFor(MOOD_WAITS_SECONDS + seconds, spell);
    return { whom: `${seconds.toFixed(0)} s from its first call on`, hits };
  }

  /** Into the past or the future, by an hour at most. */
  async #setClock({ pick, seconds }: PlannedFault): Promise<string> {
    const off = Math.round((pick - 0.5) * 7200);
    await this.#system.far.setClock(off);
    this.#endAfter(seconds, () => this.#system.far.setClock(0));
    return `by ${off} s, ${seconds.toFixed(0)} s long`;
  }

  async #busyRelay(seconds: number): Promise<string> {
    await this.#system.far.setBusy(BUSY_SECONDS);
    this.#endAfter(seconds, () => this.#system.far.setBusy(0));
    return `the far one, ${BUSY_SECONDS} s at a time for ${seconds.toFixed(0)} s`;
  }

  /** Of the far edge. It has to serve whenever what it is led to can be written to. */
  async #leadDatabase(other: Other, seconds: number): Promise<Begun> {
    const led = await this.#system.otherDatabase.lead(other);
    if (other === "pooler") this.#judge();
    this.#endAfter(seconds, async () => {
      await led.end();
      this.#judge();
    });
    return { whom: `the far edge's, ${seconds.toFixed(0)} s`, hits: () => led.hits() };
  }

  #judge(): void {
    const since = performance.now() - KEPT_FOR_MS;
    const isDisturbed = () => this.#journal.hasCome(KEEPS_FROM_SERVING, since);
    this.#judged.add(judgeServing(this.#system.far.api, this.#tester, this.#ledger, isDisturbed));
  }

  async #freezeMachine({ pick, seconds }: PlannedFault): Promise<string> {
    const { ground } = this.#system;
    const name = await this.#machines.harm(pick, (one) => ground.freeze(one));
    this.#endAfter(seconds, async () => {
      await ground.thaw(name);
      this.#journal.mend(name);
    });
    return `${name}, ${seconds.toFixed(0)} s`;
  }

  #endAfter(seconds: number, end: () => Promise<void>): void {
    const over = new AbortController();
    const once = async () => {
      if (!this.#lasting.delete(once)) return;
      over.abort();
      await end();
    };
    this.#lasting.add(once);
    void delay(seconds * 1000, null, { signal: over.signal }).then(once, () => undefined);
  }
}

/** Whom a fault hits, and how often it has so far. */
type Begun = { whom: string; hits: () => number };

/** What hits whenever it is brought about. */
function sure(whom: string): Begun {
  return { whom, hits: () => 1 };
}

function continueIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGCONT");
  } catch {
    // Its supervisor has ended it meanwhile.
  }
}
