import { setTimeout as delay } from "node:timers/promises";
import type { Journal } from "./journal.ts";
import type { PlannedFault } from "./schedule.ts";
import type { System } from "./system.ts";

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
    switch (fault.kind) {
      case "relay_killed":
        return this.#signalPart("relay", "SIGKILL");
      case "edge_killed":
        return this.#signalPart("edge", "SIGKILL");
      case "postgres_killed":
        return this.#signalPart("postgres", "SIGKILL");
      case "everything_killed":
        await this.#system.powerCut();
        return "all of it, and started again";
      case "relay_frozen":
        return this.#freezePart("relay", fault.seconds);
      case "edge_frozen":
        return this.#freezePart("edge", fault.seconds);
      case "postgres_frozen":
        return this.#freezePart("postgres", fault.seconds);
      case "machine_killed":
        return this.#harm(fault, (name) => this.#system.ground.kill(name));
      case "machine_vanished":
        return this.#harm(fault, (name) => this.#system.ground.vanish(name));
      case "machine_frozen":
        return this.#freezeMachine(fault);
    }
  }

  #signalPart(part: "relay" | "edge" | "postgres", signal: NodeJS.Signals): string {
    const pid = this.#system.stack().local().pids[part];
    process.kill(pid, signal);
    return `process ${pid}`;
  }

  #freezePart(part: "relay" | "edge" | "postgres", seconds: number): string {
    const pid = this.#system.stack().local().pids[part];
    process.kill(pid, "SIGSTOP");
    this.#endAfter(seconds, async () => continueIfThere(pid));
    return `process ${pid}, ${seconds.toFixed(0)} s`;
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
