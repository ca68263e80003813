import { setTimeout as delay } from "node:timers/promises";
import { environmentOf, processes } from "../../../scripts/proc.ts";
import type { Finding } from "./finding.ts";
import type { Planted } from "./planted.ts";

/** Looks at the arguments and the environment of every process of this host, machines' ones included, again and again. */
const PAUSE_MS = 20;

export class ProcessWatcher {
  readonly #secret: Planted;
  readonly #control: Planted;
  readonly #seen = new Set<number>();
  readonly #findings = new Map<string, Finding>();
  readonly #commands = new Map<number, string>();
  #samples = 0;
  #controls = 0;
  #isOver = false;
  #watching: Promise<void> | null = null;

  constructor(secret: Planted, control: Planted) {
    this.#secret = secret;
    this.#control = control;
  }

  start(): void {
    this.#watching = this.#watch();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#watching;
  }

  get findings(): Finding[] {
    return [...this.#findings.values()];
  }

  /** Whether a process of that assignment's set-up was ever seen: its runner names the folder of the set-up. */
  hasSeenSetupOf(assignment: string): boolean {
    return [...this.#commands.values()].some((command) => command.includes(`/setup/${assignment}`));
  }

  /** What was looked at so far. `controls`: how often the text that is no secret was seen. */
  get counts(): { samples: number; processes: number; controls: number } {
    return { samples: this.#samples, processes: this.#seen.size, controls: this.#controls };
  }

  async #watch(): Promise<void> {
    while (!this.#isOver) {
      this.#sample();
      await delay(PAUSE_MS);
    }
  }

  #sample(): void {
    this.#samples += 1;
    for (const { pid, command } of processes()) {
      if (pid === process.pid) continue;
      this.#seen.add(pid);
      if (command.includes("/setup/")) this.#commands.set(pid, command);
      const environment = environmentOf(pid);
      const shown = Buffer.from(`${command}\n${environment}`);
      if (this.#control.in(shown) !== null) this.#controls += 1;
      const form = this.#secret.in(shown);
      if (form !== null) this.#findings.set(command, { place: `process ${pid}: ${command}`, form });
    }
  }
}
