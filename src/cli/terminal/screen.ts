import type { Stream } from "./output.ts";
import { shown } from "./output.ts";

/**
 * A whole terminal, redrawn. It is the terminal's second screen, so that closing it brings back what was there before.
 * Lines are shown as `print` shows them: nothing but our own colours is obeyed.
 */
export type Screen = { draw: (lines: readonly string[]) => void; close: () => void };

const OTHER_SCREEN = "\u001b[?1049h";
const FIRST_SCREEN = "\u001b[?1049l";
const HIDE_CURSOR = "\u001b[?25l";
const SHOW_CURSOR = "\u001b[?25h";
const NO_WRAP = "\u001b[?7l";
const WRAP = "\u001b[?7h";
const HOME = "\u001b[H";
const REST_OF_LINE = "\u001b[K";
const REST_OF_SCREEN = "\u001b[J";

const USUAL_ROWS = 24;

export function openScreen(stream: Stream): Screen {
  let isOpen = true;
  stream.write(OTHER_SCREEN + HIDE_CURSOR + NO_WRAP);
  return {
    draw: (lines) => {
      if (!isOpen) return;
      const fitting = fitted(lines, stream.rows || USUAL_ROWS);
      const text = fitting.map((line) => shown(line) + REST_OF_LINE).join("\r\n");
      stream.write(HOME + text + REST_OF_SCREEN);
    },
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      stream.write(WRAP + SHOW_CURSOR + FIRST_SCREEN);
    },
  };
}

/** As many lines as the terminal has; the last one says how many are missing. */
function fitted(lines: readonly string[], rows: number): readonly string[] {
  if (lines.length <= rows) return lines;
  const kept = Math.max(0, rows - 1);
  return [...lines.slice(0, kept), `… ${lines.length - kept} more lines`];
}
