import { MAX_LOG_BYTES } from "../../contract/progress.ts";
import type { Line } from "./lines.ts";

/** A log piece carries about this many characters at most; the contract allows more. */
const PIECE = 48 * 1024;
const FULL = 20;
/** The edge keeps of a log its first and its last MiB: what lies between need not wait here for its turn. */
const HEAD_BYTES = 1024 * 1024;
const TAIL_PIECES = 24;

type Piece = { offset: number; end: number; text: string };

/**
 * Log text on its way to the edge, as pieces without gap or overlap: each starts at the byte where the one before it
 * ended, and the first where the edge's stored log ends. A machine may write faster than the edge is told: what piles up
 * is bounded, and the middle of it goes first.
 */
export class LogOutbox {
  readonly #pieces: Piece[] = [];
  readonly #limit: number;
  #at: number;

  /** @param limit nothing of the log is sent beyond this byte */
  constructor(offset: number, limit = MAX_LOG_BYTES) {
    this.#at = offset;
    this.#limit = limit;
  }

  /** The piece to send next. It grows until it is acknowledged, so take it once for each report. */
  get first(): Piece | undefined {
    const [piece] = this.#pieces;
    return piece === undefined ? undefined : { ...piece };
  }

  get isFull(): boolean {
    return this.#pieces.length > FULL;
  }

  /** Adds a line; `shown` is its text for people, null where it was a marker. */
  add(line: Line, shown: string | null): void {
    if (line.end <= this.#at) return;
    if (line.end >= this.#limit) return this.#cutOff();
    const whole = shown === null ? "" : shown + (line.newline ? "\n" : "");
    // The edge has the start of this line: it ended the log once, and goes on now.
    const text =
      line.start < this.#at
        ? Buffer.from(whole)
            .subarray(this.#at - line.start)
            .toString("utf8")
        : whole;
    const last = this.#pieces.at(-1);
    if (last !== undefined && last.text.length + text.length <= PIECE) {
      last.end = line.end;
      last.text += text;
    } else {
      this.#pieces.push({ offset: this.#at, end: line.end, text });
      this.#leaveOut();
    }
    this.#at = line.end;
  }

  /** Makes one gap of what is neither the log's head nor among the last pieces, nor the piece that may be under way. */
  #leaveOut(): void {
    const from = this.#pieces.findIndex(({ offset }, at) => at > 0 && offset >= HEAD_BYTES);
    const count = this.#pieces.length - TAIL_PIECES - from;
    const [first, last] = [this.#pieces[from], this.#pieces[from + count - 1]];
    if (from < 0 || count < 2 || first === undefined || last === undefined) return;
    const { offset } = first;
    const text = `[${last.end - offset} bytes of the log are omitted here]\n`;
    this.#pieces.splice(from, count, { offset, end: last.end, text });
  }

  #cutOff(): void {
    if (this.#at >= this.#limit) return;
    const text = `[truncated: at most ${this.#limit} bytes of a set-up's log are read]\n`;
    this.#pieces.push({ offset: this.#at, end: this.#limit, text });
    this.#at = this.#limit;
  }

  /** The edge has `piece`; what was added to it since stays. */
  acknowledge(piece: Piece | undefined): void {
    const [first] = this.#pieces;
    if (piece === undefined || first?.offset !== piece.offset) return;
    if (first.end === piece.end) this.#pieces.shift();
    else Object.assign(first, { offset: piece.end, text: first.text.slice(piece.text.length) });
  }
}
