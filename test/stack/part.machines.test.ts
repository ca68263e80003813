import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { systemClock } from "../../src/relay/time/clock.ts";
import { launch } from "../../src/stack/launch.ts";
import { keepPart } from "../../src/stack/part.ts";
import type { PartPlan } from "../../src/stack/part.ts";
import { freePort } from "../../src/stack/ports.ts";
import { identify, readProcess } from "../../src/stack/processes.ts";
import { MARK, partRecord } from "../../src/stack/record.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { deadline } from "../helpers/patience.ts";
import { until } from "../helpers/until.ts";

/** A part as the real ones are: a leader that serves, and a child of its own that its death leaves behind. */
const SERVER = `
  const child = require("node:child_process").spawn("sleep", ["600"], { stdio: "ignore" });
  const body = JSON.stringify({ leader: process.pid, child: child.pid });
  require("node:http").createServer((request, response) => response.end(body)).listen(Number(process.argv[1]), "127.0.0.1");
`;

type Seen = { leader: number; child: number };

async function keptPart(folder: string, overrides: Partial<PartPlan> = {}) {
  const port = await freePort();
  const record = partRecord(join(folder, "parts.json"), folder);
  // Pauses are short, and time to judge a part's silence by only passes when the test says so.
  const time = { isPassing: false, fairMs: 0 };
  const events: string[] = [];
  const look = async (): Promise<Seen> => {
    const answer = await fetch(`http://127.0.0.1:${port}/`, { signal: AbortSignal.timeout(500) });
    return JSON.parse(await answer.text()) as Seen;
  };
  const plan: PartPlan = {
    name: "edge",
    prepare: async () => undefined,
    program: async () => ({
      command: process.execPath,
      args: ["-e", SERVER, String(port)],
      env: { [MARK]: folder },
    }),
    ask: () =>
      look().then(
        () => "alive",
        () => "silent",
      ),
    startSeconds: 10,
    silentSeconds: 1,
    end: { signal: "SIGTERM", graceSeconds: 5 },
    ...overrides,
  };
  const part = keepPart(
    plan,
    {
      record,
      logFile: () => join(folder, "edge.log"),
      changed: (_name, event) => events.push(event.kind === "lost" ? event.why : event.kind),
    },
    {
      clock: { ...systemClock, pause: (ms, signal) => systemClock.pause(ms / 20, signal) },
      fairNow: () => (time.fairMs += time.isPassing ? 600 : 0),
    },
  );
  const another = (than: Seen) =>
    until("the next one", async () => {
      const seen = await look();
      return seen.leader !== than.leader && seen;
    });
  return { part, plan, record, events, time, look, another, [Symbol.asyncDispose]: () => part.stop() };
}

const isGone = (pid: number) => (readProcess(pid)?.state ?? "Z") === "Z";

test("runs in a session of its own and nothing is left after stop", async () => {
  await using folder = await temporaryFolder();
  const kept = await keptPart(folder.path);
  await kept.part.answering(deadline(10));
  const seen = await kept.look();
  expect(kept.part.pid()).toBe(seen.leader);
  expect(readProcess(seen.leader)?.session).toBe(seen.leader);
  await kept.part.stop();
  expect([seen.leader, seen.child].map(isGone)).toEqual([true, true]);
  expect(kept.part.pid()).toBeNull();
});

test("a killed leader is started again, and what it left is ended first", async () => {
  await using folder = await temporaryFolder();
  await using kept = await keptPart(folder.path);
  await kept.part.answering(deadline(10));
  const first = await kept.look();
  process.kill(first.leader, "SIGKILL");
  const second = await kept.another(first);
  expect(isGone(first.child)).toBe(true);
  expect(kept.events).toEqual(["started", "was killed by SIGKILL", "started"]);
  expect(kept.part.pid()).toBe(second.leader);
});

test("a stopped leader has a pid and no answer: it is ended and started again", async () => {
  await using folder = await temporaryFolder();
  await using kept = await keptPart(folder.path);
  await kept.part.answering(deadline(10));
  const first = await kept.look();
  process.kill(first.leader, "SIGSTOP");
  kept.time.isPassing = true;
  await until("the stopped one to be judged", () => kept.events.length > 1);
  kept.time.isPassing = false;
  await kept.another(first);
  expect([first.leader, first.child].map(isGone)).toEqual([true, true]);
  expect(kept.events[1]).toMatch(/has not responded for \d+ s/);
});

test("not being able to ask is no reason to end a part", async () => {
  await using folder = await temporaryFolder();
  let asked = 0;
  await using kept = await keptPart(folder.path, {
    startSeconds: 0.2,
    silentSeconds: 0.2,
    ask: async () => {
      asked++;
      return "unknown";
    },
  });
  kept.time.isPassing = true;
  await until("a dozen questions", () => asked > 12);
  expect(kept.events).toEqual(["started"]);
});

test("a program that cannot start is tried again, ever more slowly, and says why", async () => {
  await using folder = await temporaryFolder();
  await using kept = await keptPart(folder.path, {
    program: async () => ({ command: join(folder.path, "missing"), args: [] }),
  });
  await until(
    "three tries",
    () => kept.events.filter((event) => event === "exited with status 127").length >= 3,
  );
  expect(await readFile(join(folder.path, "edge.log"), "utf8")).toContain("missing");
});

const SUPERVISOR = `
  const [part, record, folder, serve] = process.argv.slice(1);
  const { keepPart } = await import(part);
  const { partRecord } = await import(record);
  keepPart({
    name: "edge",
    prepare: async () => {},
    program: async () => ({ command: process.execPath, args: ["-e", serve, "0"] }),
    ask: async () => "unknown",
    startSeconds: 60,
    silentSeconds: 60,
    end: { signal: "SIGTERM", graceSeconds: 5 },
  }, { record: partRecord(folder + "/parts.json", folder), logFile: () => folder + "/log", changed: () => {} });
`;

test("the next supervisor ends what a killed one left", async () => {
  await using folder = await temporaryFolder();
  const modules = ["part", "record"].map(
    (name) => new URL(`../../src/stack/${name}.ts`, import.meta.url).href,
  );
  const args = ["--input-type=module", "-e", SUPERVISOR, ...modules, folder.path, SERVER];
  const supervisor = spawn(process.execPath, args, { stdio: "ignore" });
  onTestFinished(() => void supervisor.kill("SIGKILL"));
  const read = () => partRecord(join(folder.path, "parts.json"), folder.path);
  const left = await until("the part and its child", () => {
    const seen = read().left("edge");
    return seen.length === 2 && seen;
  });
  supervisor.kill("SIGKILL");
  await once(supervisor, "exit");
  expect(read().left("edge")).toHaveLength(2);
  await read().end("edge", { signal: "SIGTERM", graceSeconds: 5 });
  expect(left.map(({ pid }) => isGone(pid))).toEqual([true, true]);
});

test("a child without its leader is known by its mark; a number that was given anew is left alone", async () => {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "parts.json");
  const script = "sleep 600 &";
  const leader = spawn("/bin/sh", ["-c", script], {
    detached: true,
    stdio: "ignore",
    env: { ...process.env, [MARK]: folder.path },
  });
  await once(leader, "spawn");
  const id = identify(leader.pid ?? 0);
  await until("the leader's end", () => leader.exitCode !== null);
  const ours = partRecord(file, folder.path);
  ours.set("edge", id);
  expect(ours.left("edge")).toHaveLength(1);

  const foreign = partRecord(file, "/another/folder");
  foreign.set("relay", id);
  foreign.set("postgres", { ...id, pid: process.pid });
  expect([...foreign.left("relay"), ...foreign.left("postgres")]).toEqual([]);

  await ours.end("edge", { signal: "SIGTERM", graceSeconds: 5 });
  expect(ours.left("edge")).toEqual([]);
});

test("a program does nothing before it is recorded, and is ended when it cannot be", async () => {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, "made"));
  const trace = join(folder.path, "made", "trace");
  const program = { command: "/bin/sh", args: ["-c", `echo ran > ${trace}`] };
  let heldBack = 0;
  const refuse = ({ pid }: { pid: number }) => {
    heldBack = pid;
    throw new Error("the record cannot be written");
  };
  await expect(launch(program, join(folder.path, "log"), refuse)).rejects.toThrow("cannot be written");
  await until("the one that was held back to be gone", () => isGone(heldBack));
  expect(existsSync(trace)).toBe(false);
  const { ended } = await launch(program, join(folder.path, "log"), () =>
    expect(existsSync(trace)).toBe(false),
  );
  expect(await ended).toBe("exited with status 0");
  expect(readFileSync(trace, "utf8")).toBe("ran\n");
});
