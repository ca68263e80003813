import { existsSync, readdirSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeKeyPair } from "../../src/relay/ssh/hostKey.ts";
import { isPortFree } from "../../src/stack/ports.ts";
import { readProcess } from "../../src/stack/processes.ts";
import { adminOf, processesOf, startStack, strangersTo } from "../helpers/stack.ts";
import type { LocalFile } from "../helpers/stack.ts";
import { isNight, atNight } from "../helpers/nightly.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { deadline } from "../helpers/patience.ts";
import { until } from "../helpers/until.ts";

async function health(url: string): Promise<number | null> {
  return fetch(`${url}/healthz`, { signal: deadline(2) }).then(
    (answer) => answer.status,
    () => null,
  );
}

async function works(local: LocalFile): Promise<boolean> {
  const pool = await adminOf(local).pool.get.query({ name: "demo" });
  return pool.claimable >= 1 && (await health(local.url)) === 200;
}

async function expectNothingLeft(stateDir: string, { url, databaseUrl }: LocalFile): Promise<void> {
  expect(processesOf(stateDir)).toEqual([]);
  for (const text of [url, databaseUrl]) expect(await isPortFree(Number(new URL(text).port))).toBe(true);
  expect(await readFile("/proc/self/mounts", "utf8")).not.toContain(stateDir);
  expect(readdirSync(join(stateDir, "machines")).filter((name) => !name.startsWith("."))).toEqual([]);
  expect(existsSync(join(stateDir, "local.json"))).toBe(false);
}

// By day the acceptance run starts it, kills its parts, and ends it (verify/accept/parts).
for (const runtime of ["workerd", "node"] as const) {
  test.runIf(isNight)(`on ${runtime}: starts, heals each part, and leaves nothing behind`, async () => {
    await using folder = await temporaryFolder();
    await using stack = await startStack(folder.path, ["--runtime", runtime]);
    const first = await stack.ready();
    expect(stack.output()).toContain(`Warmpool is ready at ${first.url}\n`);
    expect(
      Math.max(
        ...stack
          .output()
          .replaceAll(folder.path, "DIR")
          .split("\n")
          .map((line) => line.length),
      ),
    ).toBeLessThanOrEqual(110);
    expect(statSync(join(folder.path, "local.json")).mode & 0o777).toBe(0o600);
    for (const pid of Object.values(first.pids)) expect(readProcess(pid)?.state).toMatch(/[SR]/);
    for (const part of ["edge", "relay", "postgres"] as const) {
      expect(readProcess(first.pids[part])?.session).toBe(first.pids[part]);
      process.kill(first.pids[part], "SIGKILL");
      await stack.another(part, first.pids[part]);
      await until(`everything after the ${part}`, () => works(first), { seconds: 30, everyMs: 200 });
    }
    if (runtime === "workerd") {
      const { pids } = await stack.local();
      const inner = processesOf(folder.path).filter((pid) => readProcess(pid)?.parent === pids.edge);
      expect(inner.map((pid) => readProcess(pid)?.name)).toEqual(["workerd"]);
      for (const pid of inner) process.kill(pid, "SIGKILL");
      await until("the edge after its workerd", () => works(first), { seconds: 30, everyMs: 200 });
    }
    const last = await stack.local();
    stack.signal("SIGINT");
    stack.signal("SIGTERM");
    expect(await stack.exited).toBe(0);
    await expectNothingLeft(folder.path, last);
  });
}

// By day the acceptance run shows it (verify/accept/parts/crash.ts).
test.runIf(isNight)(
  "every part killed at once: the next start has no leak and the same machine for its tester",
  async () => {
    await using folder = await temporaryFolder();
    const sshKeys = [makeKeyPair("alice").publicKey];
    let held = "";
    let before: number[] = [];
    let last: LocalFile;
    {
      await using stack = await startStack(folder.path);
      const local = await stack.ready();
      const { assignment } = await adminOf(local).tester.assign.mutate({ username: "alice", sshKeys });
      held = assignment.machine?.name ?? "none";
      before = processesOf(folder.path);
      for (const pid of Object.values(local.pids)) process.kill(pid, "SIGKILL");
      expect(await stack.exited).toBe("SIGKILL");
      stack.abandon();
    }
    {
      await using stack = await startStack(folder.path);
      last = await stack.ready();
      const admin = adminOf(last);
      const isActive = async () => {
        const status = await admin.tester.status.query({ username: "alice" });
        return status.state === "active" && status;
      };
      const status = await until("the set-up to be finished", isActive, { seconds: 60, everyMs: 200 });
      expect(status.machine?.name).toBe(held);
      stack.signal("SIGTERM");
      expect(await stack.exited).toBe(0);
      expect(stack.output()).toContain(`Kept: ${held}, which alice holds`);
      expect(readdirSync(join(folder.path, "machines"))).toContain(held);
      // What runs on is alice's machine as it was, and nothing else of the stack that was killed.
      expect(strangersTo(before, folder.path)).toEqual([]);
      expect(processesOf(folder.path).length).toBeGreaterThan(0);
      stack.abandon();
    }
    // Nothing is served or filled before what is left goes.
    await using stack = await startStack(folder.path, ["--destroy-now"]);
    expect(await stack.exited).toBe(0);
    expect(stack.output()).toMatch(/^Deleting all machines$[^]*^Stopped\.$/m);
    expect(stack.output()).not.toMatch(/^Pool demo: |is ready at/m);
    await expectNothingLeft(folder.path, last);
  },
);

test("a port in use is refused with what to do", async () => {
  await using folder = await temporaryFolder();
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
  const address = squatter.address();
  const port = typeof address === "object" ? (address?.port ?? 0) : 0;
  try {
    await using refused = await startStack(folder.path, [], port);
    expect(await refused.exited).toBe(1);
    expect(refused.output()).toContain(`port ${port} on 127.0.0.1 is in use`);
    expect(refused.output()).toContain("--port");
  } finally {
    squatter.close();
  }
});

test.runIf(isNight)("unknown drivers, sizes and options are wrong use", async () => {
  await using folder = await temporaryFolder();
  for (const args of atNight([["--driver", "cloud"], ["--max-size", "0"], ["--nonsense"]])) {
    await using refused = await startStack(folder.path, args);
    expect(await refused.exited).toBe(2);
  }
  expect(readdirSync(folder.path)).toEqual([]);
});
