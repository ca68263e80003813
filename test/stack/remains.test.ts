import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { MachineView } from "../../src/contract/machine.ts";
import { markEnvironment } from "../../src/relay/drivers/local/mark.ts";
import { farewell, livingMachines } from "../../src/stack/remains.ts";
import type { Ended } from "../../src/stack/remains.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";

const machine = (name: string, username: string | null) =>
  ({ name, node: "n1", assignment: username === null ? null : { id: "a", username } }) as MachineView;

const CLEAN: Ended = {
  emptied: { kept: [], left: [] },
  problem: null,
  living: [],
  project: null,
  hasJoined: true,
  sameStack: "",
};

test("a stack of which nothing lives has stopped", () => {
  expect(farewell(CLEAN)).toEqual({ said: ["Stopped."], complaint: null, code: 0 });
  expect(farewell({ ...CLEAN, emptied: null }).said).toEqual(["Stopped."]);
});

test("machines that testers hold are named, and what ends them", () => {
  const kept = [machine("demo-1", "alice")];
  const living = [{ machine: "demo-1", pids: [7] }];
  const ended = farewell({ ...CLEAN, emptied: { kept, left: [] }, living, sameStack: " --state-dir /x" });
  expect(ended).toMatchObject({ complaint: null, code: 0 });
  expect(ended.said).toEqual([
    "Kept: demo-1, which alice holds",
    "Stopped everything except the kept machines. To delete those too, run npm start -- --state-dir /x --destroy-now",
  ]);
});

const WRONG: [string, Partial<Ended>, RegExp][] = [
  [
    "machines run that nobody could be asked about",
    { emptied: null, living: [{ machine: "demo-1", pids: [7, 8] }] },
    /^Still running: demo-1 \(pid 7 8\)\. To delete them, run npm start -- --destroy-now\.$/,
  ],
  [
    "machines run that the edge believes gone",
    { living: [{ machine: "demo-2", pids: [9] }] },
    /demo-2 \(pid 9\)/,
  ],
  [
    "machines were not proven gone",
    { emptied: { kept: [], left: [machine("demo-3", null)] } },
    /^Not proven gone in time: demo-3 on n1\./,
  ],
  ["taking them down failed", { emptied: null, problem: "The edge is gone." }, /^The edge is gone\./],
  [
    "machines in Incus were not looked at",
    { emptied: null, project: "warmpool" },
    /incus list --project warmpool/,
  ],
];

test.each(WRONG)("%s: it has not stopped, and says what is left", (_, change, words) => {
  const ended = farewell({ ...CLEAN, ...change });
  expect(ended.code).toBe(1);
  expect(ended.complaint).toMatch(words);
  expect(ended.said.join("\n")).not.toContain("Stopped");
});

test("a local machine that runs is found by its mark, whoever serves its node now", async () => {
  await using folder = await temporaryFolder();
  const owner = { installation: folder.path, node: "n7" };
  const at = join(folder.path, "machines");
  await mkdir(join(at, "demo-1"), { recursive: true });
  await writeFile(join(at, "demo-1", "machine.json"), JSON.stringify({ ...owner, name: "demo-1" }));
  expect(livingMachines({ machines: at })).toEqual([]);
  const mark = { ...owner, machine: "demo-1", sshPort: 1, httpPort: 2 };
  const child = spawn("/bin/sleep", ["600"], { env: markEnvironment(mark, "system"), stdio: "ignore" });
  try {
    await once(child, "spawn");
    expect(livingMachines({ machines: at })).toEqual([{ machine: "demo-1", pids: [child.pid] }]);
  } finally {
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  expect(livingMachines({ machines: at })).toEqual([]);
});
