import type { Progress } from "../../contract/progress.ts";
import { ReportRefused } from "../errors.ts";
import type { Lease } from "../session/lease.ts";
import type { Line } from "./lines.ts";
import type { Outputs } from "./outputs.ts";
import { LogOutbox } from "./outbox.ts";
import { applyLine, headingOf, INITIAL, stepOf, type SetupState } from "./progress.ts";
import { redactor } from "./redact.ts";

/** So many lines of a failed step stand in its error; the whole log is kept. */
const LAST_LINES = 5;

/**
 * Tells the edge what the log says: where the set-up is, its outputs, and the log itself in contiguous pieces. One
 * report is under way at a time; what happens meanwhile goes with the next. The step never goes backwards.
 */
export class SetupReporter {
  readonly #lease: Lease;
  readonly #titles: readonly string[];
  readonly #redact: (text: string) => string;
  readonly #outbox: LogOutbox;
  readonly #onStep: (step: number) => void;
  #state: SetupState = INITIAL;
  #told: Position & { outputs: Outputs } = { step: 0, percent: 0, text: "", outputs: INITIAL.outputs };
  #sending: Promise<void> | null = null;
  #lastLines: string[] = [];

  /**
   * `logOffset` is what the edge has of the log, in bytes; `secrets` never leave, neither in the log nor in an output.
   * `onStep` gets the number of each step that the log comes to.
   */
  constructor(
    lease: Lease,
    titles: readonly string[],
    logOffset: number,
    secrets: readonly string[],
    onStep: (step: number) => void = () => undefined,
  ) {
    this.#onStep = onStep;
    this.#lease = lease;
    this.#titles = titles;
    this.#redact = redactor(secrets);
    this.#outbox = new LogOutbox(logOffset);
  }

  get outputs(): Outputs {
    return this.#state.outputs;
  }

  /** The last lines for people of the step it is at, with secrets out: what a failed step said in the end. */
  get lastLines(): readonly string[] {
    return this.#lastLines;
  }

  /** So much log waits to be sent that reading on would only pile it up. */
  get isFull(): boolean {
    return this.#outbox.isFull;
  }

  read(lines: readonly Line[]): void {
    for (const line of lines) {
      const { state, text } = applyLine(this.#state, line.text, this.#redact);
      const before = this.#state;
      if (state.step !== before.step) {
        this.#lastLines = [];
        this.#onStep(state.step);
      }
      this.#state = state;
      const heading = state.step > before.step ? headingOf(state.step, this.#titles, line.text) : null;
      const shown = text === null ? heading : this.#redact(text);
      if (text !== null && shown !== null && shown.trim() !== "")
        this.#lastLines = [...this.#lastLines, shown.trim()].slice(-LAST_LINES);
      this.#outbox.add(line, shown);
    }
  }

  /** All steps are through: the hand-over check is under way. */
  atHandover(): void {
    this.#state = { ...this.#state, step: this.#titles.length, percent: 0, said: "" };
  }

  /** Sends what is new, unless a report is under way. Waits only where too much has piled up. */
  async tell(): Promise<void> {
    if (this.#isNews()) this.#begin("report");
    if (this.#outbox.isFull) await this.#sending;
  }

  /** Sends everything, and resolves when the edge has it. */
  async flush(): Promise<void> {
    // A report that waits for its turn goes at once with a confirmation that adds nothing.
    if (this.#sending !== null) await Promise.all([this.#sending, this.#say("confirm", { kind: "setup" })]);
    while (this.#sending !== null || this.#isNews()) {
      this.#begin("confirm");
      await this.#sending;
    }
  }

  /** One at a time, whoever asks: a piece of the log is acknowledged once. */
  #begin(how: "report" | "confirm"): void {
    if (this.#sending !== null) return;
    this.#sending = this.#send(how).finally(() => {
      this.#sending = null;
    });
    // Its failure is the lease's end, which everything else here meets as well.
    this.#sending.catch(() => undefined);
  }

  async #send(how: "report" | "confirm"): Promise<void> {
    const step = this.#position();
    const { outputs } = this.#state;
    const log = this.#outbox.first;
    await this.#say(how, {
      kind: "setup",
      ...(step === null ? {} : { step }),
      // All of them, but only where they are news: they may be larger than all the rest.
      ...(outputs === this.#told.outputs ? {} : { outputs }),
      ...(log === undefined ? {} : { log }),
    });
    // Between two runs there is no step; what was told before stays told.
    const { step: at, percent, text = "" } = step ?? this.#told;
    this.#told = { step: at, percent, text, outputs };
    this.#outbox.acknowledge(log);
  }

  /** What the edge does not take is passed over: its renewer has said so, and the next report may be a better one. */
  async #say(how: "report" | "confirm", progress: Progress): Promise<void> {
    try {
      await this.#lease[how](progress);
    } catch (error) {
      if (!(error instanceof ReportRefused)) throw error;
    }
  }

  #isNews(): boolean {
    const position = this.#position();
    return (
      this.#outbox.first !== undefined ||
      (position !== null && !isSame(position, this.#told)) ||
      this.#state.outputs !== this.#told.outputs
    );
  }

  /** Null before the first step. */
  #position(): ReturnType<typeof stepOf> | null {
    if (this.#state.step === 0) return null;
    const now = stepOf(this.#state, this.#titles);
    if (isBefore(now, this.#told)) {
      const { step, percent, text = "" } = this.#told;
      return stepOf({ ...this.#state, step, percent, said: text }, this.#titles);
    }
    return now;
  }
}

type Position = { step: number; percent: number; text?: string };

function isSame(one: Position, other: Position): boolean {
  return one.step === other.step && one.percent === other.percent && (one.text ?? "") === (other.text ?? "");
}

function isBefore(one: Position, other: Position): boolean {
  return one.step < other.step || (one.step === other.step && one.percent < other.percent);
}
