import { cleaned } from "../../contract/foreign.ts";
import { head, oneLine } from "../text.ts";
import { type Outputs, withOutput } from "./outputs.ts";

/**
 * What a set-up's log says about how far it is. A pure fold over the lines of the log, from its first one: whoever
 * reads the same log gets the same state, so a relay that attaches later shows what the one before it showed. Anybody on
 * the machine may write to the log: what is no marker as the runner writes it changes nothing.
 *
 * The runner writes `::warmpool run-start RUN EPOCH`, `step-start N EPOCH`, `step-end N CODE EPOCH`, `step-skipped N`
 * and `run-end …`; steps write `::progress PERCENT text` and `::output NAME=VALUE`.
 */
export type SetupState = {
  /** The run that wrote last, and the number of the step it is at, from 1; 0 before the first. */
  run: string | null;
  step: number;
  percent: number;
  /** What the step said last with its progress; empty where it said nothing. */
  said: string;
  outputs: Outputs;
};

export const INITIAL: SetupState = { run: null, step: 0, percent: 0, said: "", outputs: {} };

const OUTPUT = /^::output ([A-Za-z_][A-Za-z0-9_]{0,63})=(.*)$/su;
const PROGRESS = /^::progress (100|[0-9]{1,2})(?:\.[0-9]{1,9})?%?(?: (.*))?$/su;
const RUNNER = /^::warmpool ([a-z-]{1,20})(?: (.*))?$/su;
const LONGEST_SAID = 200;
/** More steps no recipe has. */
const STEP = /^[1-9][0-9]{0,3}$/u;

/**
 * The state after one more line, and what of the line is for people: null where it was a marker.
 * @param redact blacks out secrets in the value of an output
 */
export function applyLine(
  state: SetupState,
  line: string,
  redact: (text: string) => string = (text) => text,
): { state: SetupState; text: string | null } {
  const bare = line.endsWith("\r") ? line.slice(0, -1) : line;
  const output = OUTPUT.exec(bare);
  if (output !== null) {
    const [, name = "", value = ""] = output;
    const { outputs, note } = withOutput(state.outputs, name, redact(value));
    return { state: { ...state, outputs }, text: note };
  }
  const progress = PROGRESS.exec(bare);
  if (progress !== null) {
    const [, percent, text = ""] = progress;
    // Never backwards within a step.
    const said = text.trimStart();
    return {
      state: {
        ...state,
        percent: Math.max(state.percent, Number(percent)),
        said: said === "" ? state.said : oneLine(redact(said), LONGEST_SAID),
      },
      text: said === "" ? null : said,
    };
  }
  const runner = RUNNER.exec(bare);
  if (runner !== null) return { state: applyRunner(state, runner[1] ?? "", runner[2] ?? ""), text: null };
  return { state, text: line };
}

function applyRunner(state: SetupState, event: string, rest: string): SetupState {
  const [first = "", second = ""] = rest.split(" ");
  const number = STEP.test(first) ? Number(first) : 0;
  switch (event) {
    case "run-start":
      // The same run again, after a reboot: it skips what is done and comes back to where it was.
      return first === state.run
        ? state
        : { ...state, run: oneLine(first, 200), step: 0, percent: 0, said: "" };
    case "step-start":
      return number > state.step ? { ...state, step: number, percent: 0, said: "" } : state;
    case "step-skipped":
      return number > 0 && number >= state.step ? { ...state, step: number, percent: 100, said: "" } : state;
    case "step-end":
      return number > 0 && number === state.step && second === "0" ? { ...state, percent: 100 } : state;
    default:
      return state;
  }
}

/** How far a set-up is, as the tester sees it: the hand-over check is the last step. */
export function stepOf(
  state: SetupState,
  titles: readonly string[],
): { step: number; steps: number; title: string; percent: number; text?: string } {
  const step = Math.min(Math.max(1, state.step), titles.length);
  return {
    step,
    steps: titles.length,
    title: head(cleaned(titles[step - 1] ?? ""), 80),
    percent: state.percent,
    ...(state.said === "" ? {} : { text: state.said }),
  };
}

/**
 * What stands in the log where a step begins, or was found done: `== 12:03:04 UTC step 2 of 4: Install packages`. The time
 * is the machine's, from the runner's own line, so that whoever reads the same log gets the same text.
 */
export function headingOf(step: number, titles: readonly string[], line: string): string {
  const { step: at, steps, title } = stepOf({ ...INITIAL, step }, titles);
  const [, event, epoch] = /^::warmpool (step-start|step-skipped) \d+ ?(\d{1,11})?/u.exec(line) ?? [];
  const time =
    epoch === undefined ? "" : `${new Date(Number(epoch) * 1000).toISOString().slice(11, 19)} UTC `;
  const done = event === "step-skipped" ? " (done before, skipped)" : "";
  return `== ${time}step ${at} of ${steps}: ${title}${done}`;
}
