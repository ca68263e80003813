import { setTimeout as delay } from "node:timers/promises";
import type { Link } from "./far/link.ts";
import type { Mood } from "./far/mood.ts";
import type { Journal } from "./journal.ts";
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

/** Brings a planned fault about, on whoever can suffer it at that moment. */
export class Inflictor {
  readonly #system: System;
  readonly #journal: Journal;
  /** What still lasts: each ends its fault. */
  readonly #lasting = new Set<() => Promise<void>>();

  constructor(system: System, journal: Journal) {
    this.#system = system;
    this.#journal = journal;
  }

  /** Returns when the fault has begun; what lasts ends by itself later. */
  async inflict(fault: PlannedFault): Promise<void> {
    try {
      this.#journal.inject(fault.kind, await this.#begin(fault));
    } catch (error) {
      this.#journal.miss(fault.kind, error instanceof Error ? error.message : String(error));
    }
  }

  /** Ends all that lasts. */
  async endAll(): Promise<void> {
    await Promise.all([...this.#lasting].map((end) => end()));
  }

  /** @returns whom it hit. @throws Error where nothing is there to suffer it. */
  async #begin(fault: PlannedFault): Promise<string> {
    const { ground, far } = this.#system;
    switch (fault.kind) {
      case "relay_killed":
        return this.#onOneOf("relay", fault.pick, "SIGKILL");
      case "edge_killed":
        return this.#onOneOf("edge", fault.pick, "SIGKILL");
      case "postgres_killed":
        return this.#onPart("postgres", "SIGKILL");
      case "everything_killed":
        await this.#system.powerCut();
        return "all of it but the far site, and started again";
      case "relay_frozen":
        return this.#freeze("relay", fault);
      case "edge_frozen":
        return this.#freeze("edge", fault);
      case "postgres_frozen":
        return this.#freeze("postgres", fault);
      case "relay_replaced":
        return this.#replaceRelay(fault.seconds);
      case "machine_killed":
        return this.#harm(fault, (name) => ground.kill(name));
      case "machine_vanished":
        return this.#harm(fault, (name) => ground.vanish(name));
      case "machine_frozen":
        return this.#freezeMachine(fault);
      case "relay_link_silent":
        return this.#silence(far.links.relayToEdge, fault.seconds);
      case "database_link_silent":
        return this.#silence(far.links.edgeToDatabase, fault.seconds);
      case "machine_link_silent":
        return this.#silence(this.#machineLink(fault.pick), fault.seconds);
      case "relay_link_cut":
        return `${far.links.relayToEdge.cut()} connections`;
      case "database_link_cut":
        return `${far.links.edgeToDatabase.cut()} connections`;
      case "machine_link_cut":
        return `${this.#machineLink(fault.pick).cut()} connections`;
      case "clock_jumped":
        return this.#setClock(fault);
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

  #silence(link: Link, seconds: number): string {
    const open = link.silence();
    this.#endAfter(seconds, async () => link.restore());
    return `${open} connections, ${seconds.toFixed(0)} s`;
  }

  /** One that the relay uses; where it uses none, that of the machine that was made last. */
  #machineLink(pick: number): Link {
    const links = [...this.#system.far.links.machines.values()];
    const used = links.filter((link) => link.open > 0);
    const link = used[Math.floor(pick * used.length)] ?? links.at(-1);
    if (link === undefined) throw new Error("no machine was made there yet");
    return link;
  }

  /** Into the past or the future, by an hour at most. */
  async #setClock({ pick, seconds }: PlannedFault): Promise<string> {
    const off = Math.round((pick - 0.5) * 7200);
    await this.#system.far.setClock(off);
    this.#endAfter(seconds, () => this.#system.far.setClock(0));
    return `by ${off} s, ${seconds.toFixed(0)} s long`;
  }

  #setMood(mood: Mood, seconds: number): string {
    const { driver } = this.#system.far;
    driver.mood = mood;
    this.#endAfter(seconds, async () => {
      // Unless it is in another one by now.
      if (driver.mood === mood) driver.mood = null;
    });
    return `${seconds.toFixed(0)} s`;
  }

  async #harm(fault: PlannedFault, how: (name: string) => Promise<void>): Promise<string> {
    const name = await this.#victim(fault.pick);
    this.#journal.spoil(name);
    await how(name);
    return name;
  }

  async #freezeMachine({ pick, seconds }: PlannedFault): Promise<string> {
    const { ground } = this.#system;
    const name = await this.#victim(pick);
    this.#journal.spoil(name);
    await ground.freeze(name);
    this.#endAfter(seconds, async () => {
      await ground.thaw(name);
      this.#journal.mend(name);
    });
    return `${name}, ${seconds.toFixed(0)} s`;
  }

  async #victim(pick: number): Promise<string> {
    const standing = (await this.#system.ground.standing())
      .filter((name) => !this.#journal.isSpoilt(name))
      .toSorted();
    const name = standing[Math.floor(pick * standing.length)];
    if (name === undefined) throw new Error("no machine is there");
    return name;
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

function continueIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGCONT");
  } catch {
    // Its supervisor has ended it meanwhile.
  }
}
