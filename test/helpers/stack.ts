import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { endAllOf, processesOf as processesOfFolder } from "../../scripts/leash/belonging.ts";
import { createClient } from "../../src/client/index.ts";
import { freePort } from "../../src/stack/ports.ts";
import { until } from "./until.ts";
import { ownProgram } from "./ownProgram.ts";

export type PartPids = { supervisor: number; edge: number; relay: number; postgres: number };
export type LocalFile = {
  url: string;
  adminToken: string;
  appToken: string;
  databaseUrl: string;
  /** What a second edge on this database has to have too. */
  secretKey: string;
  pids: PartPids;
};

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const READY_SECONDS = 90;

/** A local stack as a user has it: `npm start` in a process of its own, on a state folder of the test's. */
export async function startStack(stateDir: string, args: string[] = [], port?: number) {
  const chosen = port ?? (await freePort());
  const options = ["--port", String(chosen), "--state-dir", stateDir, "--sweep-seconds", "2"];
  const child = spawn(
    process.execPath,
    [...ownProgram("src/stack/main.ts"), ...options, "--driver", "local", "--target-size", "1", ...args],
    {
      cwd: ROOT,
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  let output = "";
  let isAbandoned = false;
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (output += String(data)));
  const exited = new Promise<number | string>((resolve) => {
    child.once("exit", (code, signal) => resolve(code ?? signal ?? "unknown"));
  });
  const local = async (): Promise<LocalFile> =>
    JSON.parse(await readFile(join(stateDir, "local.json"), "utf8")) as LocalFile;
  return {
    port: chosen,
    output: () => output,
    exited,
    local,
    signal: (name: NodeJS.Signals) => child.kill(name),
    async ready(): Promise<LocalFile> {
      const isReady = () => {
        if (child.exitCode !== null) return "ended";
        return output.includes("Warmpool is ready at") && "ready";
      };
      const seen = await until("the stack to be ready", isReady, { seconds: READY_SECONDS });
      if (seen === "ended") throw new Error(`the stack ended with ${child.exitCode}:\n${output}`);
      return local();
    },
    /** The part's new pid, once `local.json` has another one than `old`. */
    another: (part: keyof PartPids, old: number) =>
      until(`another ${part}`, async () => {
        const pid = (await local()).pids[part];
        return pid !== old && pid;
      }),
    /** Leaves what still runs to the next stack on that folder. */
    abandon: () => (isAbandoned = true),
    /** Kills it and everything of it at once, for a test that fails half-way. */
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
      await exited;
      if (!isAbandoned) await endAllOf(stateDir);
    },
  };
}

export function adminOf({ url, adminToken }: LocalFile) {
  return createClient({ url, token: adminToken, timeoutSeconds: 60 });
}

/** Pids of every process that was started by a stack on that folder, its machines among them. */
export function processesOf(stateDir: string): number[] {
  return processesOfFolder(stateDir).map(({ pid }) => pid);
}

/** Processes of that stack which are neither among the given ones nor descend from one of them. */
export function strangersTo(known: readonly number[], stateDir: string): string[] {
  const family = new Set(known);
  let left = processesOfFolder(stateDir);
  for (let before = -1; before !== left.length;) {
    before = left.length;
    left = left.filter(({ pid, parent }) => {
      if (family.has(parent)) family.add(pid);
      return !family.has(pid);
    });
  }
  return left.map(({ pid, command }) => `${pid} ${command}`);
}
