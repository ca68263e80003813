import { growing } from "../../contract/growing.ts";
import type { Lease } from "../session/lease.ts";
import { pause } from "../time/pause.ts";
import type { ExecResult } from "../ssh/sshConnection.ts";
import { oneLine, printable, tail } from "../text.ts";
import { LineCutter } from "./lines.ts";
import type { Plan } from "./plan.ts";
import type { SetupReporter } from "./reporter.ts";
import { enter } from "./start.ts";

/**
 * Reads a run's log and exit record from the machine, about twice a second (more often at first), one exec each. The log is read from its
 * first byte: its markers say where the set-up is, whoever started it.
 */
export type RunEnd =
  | { end: "ok" }
  /** The record says nothing that a runner writes: somebody else has written it. */
  | { end: "unreadable"; record: string }
  | { end: "failed"; step: number; code: number }
  | { end: "timeout"; step: number };

/** `gone`: no runner lives, and this plan's run left no exit record. */
export type Followed = RunEnd | { end: "gone" };

const FIRST_POLL_MS = 100;
const POLL_MS = 500;
const CHUNK = 256 * 1024;

/** A command's exec on the machine that goes on trying over dropped connections: for commands that change nothing. */
export type Ask = (command: string, maxBytes: number) => Promise<ExecResult>;

export class LogReader {
  readonly #plan: Plan;
  readonly #ask: Ask;
  readonly #reporter: SetupReporter;
  readonly #cutter = new LineCutter();
  #offset = 0;

  constructor(plan: Plan, ask: Ask, reporter: SetupReporter) {
    this.#plan = plan;
    this.#ask = ask;
    this.#reporter = reporter;
  }

  /** Follows until the run has ended and its log is read. Throws the lease's reason where that ends first. */
  async follow(lease: Lease): Promise<Followed> {
    for (let polls = 0; ; polls += 1) {
      const poll = await this.#poll();
      this.#reporter.read(this.#cutter.feed(poll.log));
      // A full chunk: there is more to read before anything is told or concluded. A relay that attaches late would
      // tell of steps that are long past.
      if (poll.log.length === CHUNK && !this.#reporter.isFull) continue;
      await this.#reporter.tell();
      if (poll.log.length === CHUNK) continue;
      if (!poll.alive && poll.run !== this.#plan.run) return { end: "gone" };
      if (!poll.alive) {
        const end = parseExit(poll.exit);
        if (end === null) return { end: "gone" };
        this.#reporter.read(this.#cutter.end());
        return end;
      }
      await pause(growing(FIRST_POLL_MS, POLL_MS, polls, 1.5), lease.signal);
    }
  }

  async #poll(): Promise<{ alive: boolean; run: string; exit: string; log: Buffer }> {
    const { code, stdout, stderr } = await this.#ask(pollCommand(this.#plan, this.#offset), CHUNK + 1024);
    const newline = stdout.indexOf(0x0a);
    const header = stdout.subarray(0, Math.max(0, newline)).toString("utf8");
    const [, alive, run = "", exit = ""] = /^(alive|still) (\S+) (.*)$/.exec(header) ?? [];
    if (code !== 0 || alive === undefined) {
      const said = tail(printable(Buffer.concat([stdout.subarray(0, 1000), stderr])), 1000);
      throw new Error(`The machine's log cannot be read (exit ${code}): ${said}`);
    }
    const log = stdout.subarray(newline + 1);
    this.#offset += log.length;
    return { alive: alive === "alive", run, exit, log };
  }
}

/**
 * Whether it lives is looked at before the exit record, and that before the log: so a record that is missing where
 * nobody lives is missing for good, and the log behind a record is whole.
 */
function pollCommand(plan: Plan, offset: number): string {
  return `${enter(plan)}
life=still; if [ -f "$dir/alive" ] && ! flock -s -n 7 7<"$dir/alive"; then life=alive; fi
run= exit=
{ IFS= read -r run <"$dir/run"; IFS= read -r exit <"$dir/exit"; } 2>/dev/null
printf '%s %s %s\\n' $life "\${run:--}" "\${exit:--}"
[ ! -f "$dir/log" ] ||
dd if="$dir/log" bs=65536 iflag=fullblock,skip_bytes,count_bytes skip=${offset} count=${CHUNK} status=none`;
}

/** The exit record as the runner writes it, or null where there is none. */
export function parseExit(record: string): RunEnd | null {
  if (record === "" || record === "-") return null;
  if (record === "ok") return { end: "ok" };
  const [, failed, code] = /^failed (\d{1,4}) (\d{1,3})$/.exec(record) ?? [];
  if (failed !== undefined) return { end: "failed", step: Number(failed), code: Number(code) };
  const [, late] = /^timeout (\d{1,4})$/.exec(record) ?? [];
  if (late !== undefined) return { end: "timeout", step: Number(late) };
  return { end: "unreadable", record: oneLine(record, 200) };
}
