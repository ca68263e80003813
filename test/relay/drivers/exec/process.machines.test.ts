import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { runProgram } from "../../../../src/relay/drivers/exec/process.ts";
import type { Run } from "../../../../src/relay/drivers/exec/process.ts";
import { deadline } from "../../../helpers/patience.ts";
import { until } from "../../../helpers/until.ts";
import { script } from "./script.ts";

/** That nothing of a call outlives it, however it ends. */
const PROCESS = new URL("../../../../src/relay/drivers/exec/process.ts", import.meta.url);

const run = (program: string, options: Partial<Run> = {}) =>
  runProgram({
    program,
    args: [],
    input: "",
    env: { PATH: process.env["PATH"] ?? "" },
    timeoutSeconds: 20,
    graceSeconds: 5,
    signal: deadline(30),
    ...options,
  });

/** Leaves `pid` behind: that of a child in the program's group. */
const CHILD = `sleep 1000 & echo $! >"$folder/pid.new"; mv "$folder/pid.new" "$folder/pid"`;

const childOf = ({ folder }: { folder: string }) =>
  until("the program to name its child", async () => Number(await readFile(join(folder, "pid"), "utf8")));

/** A zombie is dead: not every PID 1 reaps. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") X");
  return !/\) [ZX]/.test(stat);
}
const gone = (pid: number) => until("it to be gone", async () => !(await isAlive(pid)));

describe("a call that", () => {
  test("takes too long is killed with all its group", async () => {
    await using program = await script(`${CHILD}; echo half; echo waiting >&2; wait`);
    const ran = await run(program.path, { timeoutSeconds: 0.5 });
    expect(ran).toMatchObject({ cut: "too_slow", stdout: "half\n", stderr: "waiting\n" });
    await gone(await childOf(program));
  });

  test("heeds SIGTERM may end what it began, and what it then says is heard", async () => {
    await using program = await script(`trap 'echo ended >"$folder/ended"; exit 75' TERM; ${CHILD}; wait`);
    const abort = new AbortController();
    const refused = expect(run(program.path, { signal: abort.signal })).rejects.toThrow("no longer wanted");
    const child = await childOf(program);
    abort.abort(new Error("no longer wanted"));
    await refused;
    expect(await readFile(join(program.folder, "ended"), "utf8")).toBe("ended\n");
    await gone(child);
  });

  test("does not heed SIGTERM is killed after its grace", async () => {
    await using program = await script(`trap '' TERM; ${CHILD}; while :; do wait; done`);
    const abort = new AbortController();
    const refused = expect(run(program.path, { signal: abort.signal, graceSeconds: 0.3 })).rejects.toThrow(
      "late",
    );
    const child = await childOf(program);
    abort.abort(new Error("late"));
    await refused;
    await gone(child);
  });

  test("ends well takes its group with it, but not what has a session of its own", async () => {
    await using program = await script(`${CHILD}; export folder
      setsid sh -c 'echo $$ >"$folder/apart"; exec sleep 1000' & until [ -s "$folder/apart" ]; do sleep 0.01; done
      echo done`);
    // The one apart holds the program's output open, as a careless daemon does: the call ends all the same.
    const ran = await run(program.path);
    expect(ran).toMatchObject({ code: 0, cut: null, stdout: "done\n" });
    const apart = Number(await readFile(join(program.folder, "apart"), "utf8"));
    try {
      await gone(await childOf(program));
      expect(await isAlive(apart)).toBe(true);
    } finally {
      process.kill(apart, "SIGKILL");
    }
  });

  test("prints without end is killed", async () => {
    await using program = await script("exec yes");
    expect(await run(program.path)).toMatchObject({ cut: "too_long" });
  });

  test("says much on stderr keeps the end of it", async () => {
    await using program = await script("yes | head -c 100000 >&2; echo last >&2; exit 3");
    const ran = await run(program.path);
    expect(ran).toMatchObject({ code: 3, stderr: expect.stringMatching(/y\nlast\n$/) as string });
    expect(ran.stderr.length).toBeLessThanOrEqual(16 * 1024);
  });
});

test("a killed relay takes the call with it", async () => {
  // As every program it begins when it has its input, which is when there is a leash on it.
  await using program = await script(`cat >/dev/null; ${CHILD}; wait`);
  const options = {
    program: program.path,
    args: [],
    input: "",
    env: {},
    timeoutSeconds: 60,
    graceSeconds: 5,
  };
  const relay = spawn(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import { runProgram } from ${JSON.stringify(PROCESS)};
       await runProgram({ ...${JSON.stringify(options)}, signal: new AbortController().signal });`,
    ],
    { stdio: "ignore" },
  );
  onTestFinished(() => void relay.kill("SIGKILL"));
  const ended = once(relay, "exit");
  const child = await childOf(program);
  relay.kill("SIGKILL");
  await ended;
  await gone(child);
});
