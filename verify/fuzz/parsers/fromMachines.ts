import * as fc from "fast-check";
import { outputs as outputsSchema } from "../../../src/contract/progress.ts";
import { operationResult } from "../../../src/contract/operationResult.ts";
import { cleaned, escaped } from "../../../src/contract/foreign.ts";
import { SshError, toSshError } from "../../../src/relay/ssh/sshError.ts";
import { capped, head, oneLine, tail } from "../../../src/relay/text.ts";
import { parseExit } from "../../../src/relay/setup/follow.ts";
import { keyProblems, parseKeys } from "../../../src/relay/setup/handover.ts";
import { type Line, LineCutter } from "../../../src/relay/setup/lines.ts";
import { applyLine, INITIAL, stepOf } from "../../../src/relay/setup/progress.ts";
import { KEY_A, KEY_B } from "../../../test/helpers/world.ts";
import { damaged } from "./bytes.ts";
import { must, orRefused, type Parser, parser } from "./parser.ts";

/** What a machine says, where its tester may be root. */
const LOG = `::warmpool run-start r 1760000000
::warmpool step-start 1 1760000000
hello
::progress 40 half
::output url=https://x.example/
::warmpool step-end 1 0 1760000003
::warmpool step-skipped 2
::output __proto__=x
::warmpool run-end ok
`;
/** Of a file that only root may read: it must not be found in any sentence. */
const HIDDEN = "root:$6$hidden";
const base64 = (text: string) => Buffer.from(text).toString("base64");
const KEYS = `root ${base64(`${KEY_A}\n# c\n`)}
alice ${base64(`${KEY_B}\n${HIDDEN}\n`)}
! alice is a link
.
`;
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u;

function linesOf(chunks: readonly Buffer[]): Line[] {
  const cutter = new LineCutter();
  return [...chunks.flatMap((chunk) => cutter.feed(chunk)), ...cutter.end()];
}

function chunksOf(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  for (let [at, n] = [0, 0]; at < bytes.length; n += 1) {
    const size = sizes[n % sizes.length] ?? 1;
    chunks.push(bytes.subarray(at, at + size));
    at += size;
  }
  return chunks;
}

export const fromMachines: readonly Parser[] = [
  parser(
    "output of set-ups: lines",
    fc.tuple(
      damaged([LOG, "x".repeat(40_000), "é".repeat(20_000)]),
      fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 5 }),
    ),
    ([text, sizes]) => {
      const bytes = Buffer.from(text);
      const whole = linesOf([bytes]);
      const pieces = linesOf(
        chunksOf(
          bytes,
          sizes.map((size) => size + Math.floor(bytes.length / 2000)),
        ),
      );
      must(JSON.stringify(whole) === JSON.stringify(pieces), "the lines depend on how the bytes arrive");
      must((whole.at(-1)?.end ?? 0) === bytes.length, "bytes are lost");
    },
    60,
  ),
  parser("output of set-ups: markers", damaged([LOG, LOG.repeat(20)]), (text) => {
    let state = INITIAL;
    for (const line of text.split("\n")) ({ state } = applyLine(state, line));
    const { step, steps, percent, title } = stepOf(state, ["one", "two", "three"]);
    must(Number.isInteger(step) && step >= 1 && step <= steps, `step ${step}`);
    must(Number.isInteger(percent) && percent >= 0 && percent <= 100, `percent ${percent}`);
    must(!UNSEEN.test(title), "its title has control characters");
    must(outputsSchema.safeParse(state.outputs).success, "the edge refuses its outputs");
  }),
  parser("records of how set-ups ended", damaged(["ok", "failed 3 1", "timeout 2", "-"]), (text) => {
    const end = parseExit(text.trim());
    must(end === null || end.end !== "unreadable" || end.record.length <= 200, "its record is quoted whole");
  }),
  parser("key files as they are read back", damaged([KEYS, KEYS.repeat(50)]), (text) => {
    const read = orRefused(
      () => parseKeys(text),
      ({ message }) => message.length < 500 && !message.includes(HIDDEN),
    );
    if (read === null) return;
    const expected = { username: "alice", testerKeys: [KEY_B], rootKeys: [KEY_A] };
    const problems = keyProblems(read.keys, expected);
    const result = { outcome: "set_up", outputs: {}, handover: { hostKey: "h", keys: read.keys } };
    must(problems.length > 0 || operationResult.safeParse(result).success, "the edge refuses what was read");
    const said = [...problems, ...read.odd].join("\n");
    must(!said.includes(HIDDEN), "a line of a file is quoted");
  }),
  parser(
    "errors of SSH",
    damaged(["connect ECONNREFUSED 10.0.0.1:22", "All configured authentication methods failed"]),
    (text) => {
      const error = toSshError(
        "m",
        Object.assign(new Error(text), { code: text.slice(0, 20), level: "client-socket" }),
      );
      must(error instanceof SshError, "it is no error of SSH");
    },
  ),
  parser("text for people", damaged([LOG, "a\u202eb\u009b2J\u2028", "😀".repeat(200)]), (text) => {
    must(!UNSEEN.test(escaped(text)), "an escaped text has control characters");
    must(!UNSEEN.test(cleaned(text).replaceAll("\t", "")), "a cleaned text has control characters");
    for (const max of [40, 41, 500]) {
      must(oneLine(text, max).length <= max, "a line is longer than it may be");
      must(head(text, max).length <= max && tail(text, max).length <= max, "an end is longer than it may be");
    }
    const all = Object.values(capped({ a: text, b: text, [text]: text }, 3000)).join("");
    must(all.length <= 3000, "evidence is longer than it may be");
    must(all.isWellFormed(), "evidence has half a character");
  }),
];
