import type { Assignment } from "../../contract/assignment.ts";
import { escaped } from "../../contract/foreign.ts";
import { columnsOf } from "../terminal/output.ts";
import type { Stream } from "../terminal/output.ts";
import { wrap } from "../terminal/text.ts";
import { liveLine, plainLine, reasonLine } from "./progress.ts";
import type { Moment } from "./progress.ts";

/**
 * Shows the progress of an assignment until it is closed: one line redrawn on a terminal, under a line for each reason
 * to wait; else a line for each change.
 */
export type ProgressView = {
  change: (assignment: Assignment) => void;
  /** Of the stream of assignments. */
  connection: (state: "connected" | "lost") => void;
  /** What was seen beside the stream. */
  beside: (seen: Pick<Moment, "hindrance" | "outage">) => void;
  close: () => void;
};

const REDRAW_MS = 1000;
/** A relay that lost the database tries again within this time. */
const RECOVERY_MS = 30_000;
const CLEAR_LINE = "\r\u001b[2K";

export function progressView(stream: Stream, env: NodeJS.ProcessEnv): ProgressView {
  const live = stream.isTTY === true && env["TERM"] !== "dumb";
  const started = performance.now();
  let assignment: Assignment | null = null;
  let isLost = false;
  let beside: Pick<Moment, "hindrance" | "outage"> = { hindrance: null, outage: null };
  let shown: Moment | null = null;
  let lastOutageAt = Number.NEGATIVE_INFINITY;

  const draw = () => {
    if (assignment === null) return;
    const outage = beside.outage ?? (isLost ? "connection lost" : null);
    const now = performance.now();
    if (outage !== null) lastOutageAt = now;
    const moment = {
      assignment,
      outage,
      hindrance: beside.hindrance,
      isRecovering: now - lastOutageAt < RECOVERY_MS,
      elapsedSeconds: (now - started) / 1000,
    };
    if (live) {
      const reason = reasonLine(moment, shown);
      shown = moment;
      const kept = reason === null ? [] : wrap(reason, columnsOf(stream));
      // A terminal wraps a line that fills its last column.
      const drawn = [...kept, liveLine(moment, columnsOf(stream) - 1)];
      stream.write(CLEAR_LINE + drawn.map((line) => escaped(line)).join("\n"));
      return;
    }
    const line = plainLine(moment, shown);
    shown = moment;
    if (line !== null) stream.write(`${escaped(line)}\n`);
  };
  const timer = live ? setInterval(draw, REDRAW_MS) : undefined;

  return {
    change: (next) => {
      assignment = next;
      draw();
    },
    connection: (next) => {
      isLost = next === "lost";
      // An assignment was read: what did not respond before responds again.
      if (!isLost) beside = { ...beside, outage: null };
      draw();
    },
    beside: (next) => {
      beside = next;
      draw();
    },
    close: () => {
      clearInterval(timer);
      if (live) stream.write(CLEAR_LINE);
    },
  };
}
