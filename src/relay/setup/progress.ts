import { head } from "../text.ts";

/**
 * What a set-up's log says about how far it is. A pure fold over the lines of the log, from its first one: whoever
 * reads the same log gets the same state, so a relay that attaches later shows what the one before it showed.
 *
 * The runner writes `::warmpool run-start RUN EPOCH`, `step-start N EPOCH`, `step-end N CODE EPOCH`, `step-skipped N`
 * and `run-end …`; steps write `::progress PERCENT text` and `::output NAME=VALUE`.
 */
export type SetupState = {
  /** The run that wrote last, and the number of the step it is at, from 1; 0 before the first. */
  run: string | null;
  step: number;
  percent: number;
  outputs: Record<string, string>;
};

export const INITIAL: SetupState = { run: null, step: 0, percent: 0, outputs: {} };

const OUTPUT = /^::output ([A-Za-z_][A-Za-z0-9_]{0,63})=(.{0,4096})$/u;
const PROGRESS = /^::progress (100|[0-9]{1,2})(?:\.[0-9]+)?%?(?: +(.*))?$/u;
const RUNNER = /^::warmpool ([a-z-]+) ?(.*)$/u;

/** The state after one more line, and what of the line is for people: null where it was a marker. */
export function applyLine(state: SetupState, line: string): { state: SetupState; text: string | null } {
  const bare = line.replace(/\r$/, "");
  const output = OUTPUT.exec(bare);
  if (output !== null) {
    const [, name = "", value = ""] = output;
    return { state: { ...state, outputs: { ...state.outputs, [name]: head(value, 4096) } }, text: null };
  }
  const progress = PROGRESS.exec(bare);
  if (progress !== null) {
    const [, percent, text] = progress;
    // Never backwards within a step.
    return { state: { ...state, percent: Math.max(state.percent, Number(percent)) }, text: text ?? null };
  }
  const runner = RUNNER.exec(bare);
  if (runner !== null) return { state: applyRunner(state, runner[1] ?? "", runner[2] ?? ""), text: null };
  return { state, text: line };
}

function applyRunner(state: SetupState, event: string, rest: string): SetupState {
  const [first = "", second = ""] = rest.split(" ");
  const number = Number(first);
  switch (event) {
    case "run-start":
      // The same run again, after a reboot: it skips what is done and comes back to where it was.
      return first === state.run ? state : { ...state, run: first, step: 0, percent: 0 };
    case "step-start":
      return number > state.step ? { ...state, step: number, percent: 0 } : state;
    case "step-skipped":
      return number >= state.step ? { ...state, step: number, percent: 100 } : state;
    case "step-end":
      return number === state.step && second === "0" ? { ...state, percent: 100 } : state;
    default:
      return state;
  }
}

/** How far a set-up is, as the tester sees it: the hand-over check is the last step. */
export function stepOf(
  state: SetupState,
  titles: readonly string[],
): { step: number; steps: number; title: string; percent: number } {
  const step = Math.min(Math.max(1, state.step), titles.length);
  return { step, steps: titles.length, title: head(titles[step - 1] ?? "", 80), percent: state.percent };
}
