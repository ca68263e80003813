import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { expect, test } from "vitest";
import { isPortFree } from "../../src/stack/ports.ts";
import { endProcesses, hasEnvironment, listProcesses } from "../../src/stack/processes.ts";

const MARK = "WARMPOOL_TEST_ENDED";

/** Listens, and holds so much memory that the kernel needs a while to take it all back. */
const SLOW_TO_END = `
  const held = Buffer.alloc(400e6, 1);
  require("node:net").createServer().listen(0, "127.0.0.1", function () { console.log(this.address().port); });`;

test("what has been ended holds no port any more", async () => {
  const value = crypto.randomUUID();
  const child = spawn(process.execPath, ["-e", SLOW_TO_END], {
    env: { [MARK]: value, TMPDIR: tmpdir() },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(child.stdout, "data");
  const port = Number(String(line));
  // Found by its environment alone, which the kernel takes away first.
  const find = () => listProcesses().filter(({ pid }) => hasEnvironment(pid, MARK, value));
  expect(find().map(({ pid }) => pid)).toEqual([child.pid]);

  await endProcesses(find, { signal: "SIGKILL", graceSeconds: 5 });

  expect(await isPortFree(port)).toBe(true);
});

test("what one that is being ended still starts is asked to end too, and not only killed after the grace", async () => {
  const script = "trap 'sleep 1000 & exit' TERM; echo up; while :; do sleep 0.05; done";
  const child = spawn("/bin/sh", ["-c", script], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout, "data");
  const find = () => listProcesses().filter(({ session }) => session === child.pid);
  await endProcesses(find, { signal: "SIGTERM", graceSeconds: 3600 });
  expect(find()).toEqual([]);
});
