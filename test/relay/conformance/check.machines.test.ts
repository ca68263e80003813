import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test, vi } from "vitest";
import { deletion } from "../../../src/cli/verbs/driver.ts";
import { CASES } from "../../../src/relay/conformance/cases.ts";
import { RULES } from "../../../src/relay/conformance/rules.ts";
import { TIMEOUTS } from "../../../src/relay/drivers/exec/timeouts.ts";
import { until } from "../../helpers/until.ts";
import { check, programOf } from "./program.ts";
import type { Program } from "./program.ts";
import { isNight } from "../../helpers/nightly.ts";

/** Programs that hang or forget, and checks that do not run to their end. */

afterEach(() => vi.restoreAllMocks());

const machinesOf = ({ folder }: Program) =>
  readdirSync(join(folder, "machines")).filter((name) => !name.startsWith("."));

test("a delete that hangs is killed, and what it holds is said to be left behind", async () => {
  await using program = await programOf(`[ "$1" = delete ] && exec sleep 1000`);
  const { cases, left } = await check(program, ["delete-at-once"], { timeouts: { ...TIMEOUTS, delete: 1 } });
  expect(cases[0]?.failure?.did).toMatch(
    /^One of two concurrent deletes of \S+ failed: .* did not exit within 1 s and was killed: nothing on stderr\.$/,
  );
  expect(left).toMatchObject([{ node: "check", machines: machinesOf(program), unproven: [] }]);
  expect(machinesOf(program)).toHaveLength(1);
});

/** A daemon that is killed when the first machine is made: from then on no command gets an answer. */
const KILLED = `
  [ -e "$folder/down" ] && { [ "$1" = get ] && [ -e "$folder/brief" ] && rm "$folder/down"; echo "no daemon" >&2; exit 1; }
  [ "$1" = create ] && { real create; code=$?; touch "$folder/down"; exit $code; }`;

test.runIf(isNight)(
  "a daemon killed under it → its machine is named, and the line that is printed deletes it",
  async () => {
    await using program = await programOf(KILLED);
    const { failed, left } = await check(program, ["shown"]);
    const [name] = machinesOf(program);
    expect(failed).toBe(1);
    expect(left).toMatchObject([{ node: "check", machines: [name], unproven: [name] }]);
    rmSync(join(program.folder, "down"));
    const [one] = left;
    if (one === undefined) throw new Error("nothing was left");
    execFileSync("sh", ["-c", deletion(program.path, one)], { timeout: 60_000 });
    expect(machinesOf(program)).toEqual([]);
  },
);

test.runIf(isNight)("a daemon that is back before the end → its machine is deleted after all", async () => {
  await using program = await programOf(KILLED);
  writeFileSync(join(program.folder, "brief"), "");
  expect(await check(program, ["shown"])).toMatchObject({ failed: 1, left: [] });
  expect(machinesOf(program)).toEqual([]);
});

test.runIf(isNight)("what a killed create left and list forgets", async () => {
  // In the middle of a create, which begins with a mark that only `get` knows of. The first is timed; that the others
  // take far longer leaves a busy host the time to kill them.
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  await using program = await programOf(`
    [ "$1" = create ] && {
      touch "$folder/half"
      if [ -e "$folder/timed" ]; then sleep 20; else sleep 2; touch "$folder/timed"; fi
      rm "$folder/half"
    }
    [ "$1" = get ] && [ -e "$folder/half" ] && { sed 's/}/,"state":"unknown"}/'; exit 0; }`);
  const { cases } = await check(program, ["create-killed"]);
  expect(cases[0]?.failure?.did).toMatch(
    /^After a create of \S+ was killed \d+ ms after its start, get shows it, but list does not\.$/,
  );
  expect(cases[0]?.failure?.must).toBe(RULES.interrupted.must);
});

test.runIf(isNight)("a lock that a killed delete leaves", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  await using program = await programOf(`[ "$1" = delete ] && {
    mkdir "$folder/lock" || exit 9; sleep 1; real delete; code=$?; rmdir "$folder/lock"; exit $code
  }`);
  const { cases } = await check(program, ["delete-killed"]);
  expect(cases[0]?.failure?.did).toMatch(/^delete of \S+ failed: .* exited with 9: mkdir: .*File exists/);
  expect(cases[0]?.failure?.must).toBe(RULES.repeated.must);
});

test("where the first case fails the others are not tried", async () => {
  await using program = await programOf("exit 1");
  const ids = CASES.map(({ id }) => id);
  const { failed, untried } = await check(program, ids);
  expect({ failed, untried }).toEqual({ failed: 1, untried: ids.length - 1 });
});

test.runIf(isNight)("a check that is ended early deletes what it has made", async () => {
  await using program = await programOf(`
    [ "$1" = list ] && [ ! -e "$folder/asked" ] && { touch "$folder/asked"; exec sleep 1000; }`);
  const abort = new AbortController();
  const checking = check(program, ["shown", "evidence"], { signal: abort.signal });
  await until("the case to have made its machine", () => existsSync(join(program.folder, "asked")), {
    seconds: 30,
  });
  expect(machinesOf(program)).toHaveLength(1);
  abort.abort(new Error("enough"));
  expect(await checking).toMatchObject({ passed: 0, failed: 0, untried: 2, left: [] });
  expect(machinesOf(program)).toEqual([]);
});
