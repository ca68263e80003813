import type { Assignment } from "../../contract/assignment.ts";
import { escaped } from "../../contract/foreign.ts";
import { columnsOf } from "../terminal/output.ts";
import type { Stream } from "../terminal/output.ts";
import { liveLine, plainLine } from "./progress.ts";
import type { Moment } from "./progress.ts";

/** Shows how an assignment comes along until it is closed: one line redrawn on a terminal, else lines. */
export type ProgressView = {
  change: (assignment: Assignment) => void;
  connection: (state: Moment["connection"]) => void;
  close: () => void;
};

const REDRAW_MS = 1000;
const CLEAR_LINE = "\r\u001b[2K";

export function progressView(stream: Stream, env: NodeJS.ProcessEnv): ProgressView {
  const live = stream.isTTY === true && env["TERM"] !== "dumb";
  const started = performance.now();
  let assignment: Assignment | null = null;
  let connection: Moment["connection"] = "connected";
  let shown: Moment | null = null;

  const draw = () => {
    if (assignment === null) return;
    const moment = { assignment, connection, elapsedSeconds: (performance.now() - started) / 1000 };
    if (live) {
      // A terminal wraps a line that fills its last column.
      stream.write(CLEAR_LINE + escaped(liveLine(moment, columnsOf(stream) - 1)));
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
      connection = next;
      draw();
    },
    close: () => {
      clearInterval(timer);
      if (live) stream.write(CLEAR_LINE);
    },
  };
}
