import { spawn } from "node:child_process";
import type { ChildProcessByStdio } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { CALL_SECONDS, DriverError } from "../../../../src/relay/driver.ts";
import type { Driver } from "../../../../src/relay/driver.ts";
import type { LocalOptions } from "../../../../src/relay/drivers/local/driver.ts";
import { findProcesses } from "../../../../src/relay/drivers/local/processes.ts";
import type { DriverUnderTest } from "../conformance.ts";
import type { Answer, Call } from "./asNobody.ts";
import { dieInCreate, freeze, removeAll } from "./machines.ts";

/**
 * The local driver without root, tested by root: the driver runs in a process of the user nobody and is called through
 * its stdin and stdout. The checkout is bound to a place that nobody can read, in a mount namespace that ends with
 * that process and the machines it started; it may itself lie in root's home.
 */
type Program = ChildProcessByStdio<Writable, Readable, null>;

const NOBODY = 65_534;
const CHECKOUT = fileURLToPath(new URL("../../../../", import.meta.url));

export async function nobodyUnderTest(): Promise<DriverUnderTest> {
  const folder = mkdtempSync(join(tmpdir(), "warmpool-nobody-"));
  chmodSync(folder, 0o755);
  const root = join(folder, "machines");
  for (const [path, owner] of [
    [join(folder, "checkout"), 0],
    [root, NOBODY],
  ] as const) {
    mkdirSync(path);
    chownSync(path, owner, owner);
  }
  const options: LocalOptions = { root, installation: randomUUID(), node: "n1", hide: [] };
  const children: Program[] = [];
  const remote = (own: LocalOptions): Driver => {
    const child = runAsNobody(folder, "asNobody.ts");
    children.push(child);
    child.stdin.write(`${JSON.stringify(own)}\n`);
    return remoteDriver(child);
  };
  const driver = remote(options);
  return {
    driver,
    again: async () => remote(options),
    foreign: async () => remote({ ...options, installation: randomUUID() }),
    leaveHalfMade: (request) =>
      dieInCreate({ options, request, at: "hostKey" }, (program) => runAsNobody(folder, program)),
    freeze: async (name) => freeze(findProcesses(options).filter((one) => one.mark.machine === name)),
    async [Symbol.asyncDispose]() {
      await removeAll(driver);
      for (const child of children) {
        const ended = once(child, "exit");
        child.stdin.end();
        await ended;
      }
      rmSync(folder, { recursive: true });
    },
  };
}

function runAsNobody(folder: string, program: string): Program {
  const node = relative(CHECKOUT, process.execPath);
  const script = 'mount --bind "$1" "$2" && cd "$2" && shift 2 && exec "$@"';
  const nobody = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", "--no-new-privs"];
  return spawn(
    "unshare",
    [
      ...["--mount", "--propagation", "private", "sh", "-c", script, "sh"],
      ...[CHECKOUT, join(folder, "checkout"), "setpriv", ...nobody],
      node.startsWith("..") ? process.execPath : `./${node}`,
      `test/relay/drivers/local/${program}`,
    ],
    { env: { PATH: process.env["PATH"] ?? "", TMPDIR: tmpdir() }, stdio: ["pipe", "pipe", "inherit"] },
  );
}

function remoteDriver(child: Program): Driver {
  const waiting = new Map<number, (answer: Answer) => void>();
  createInterface(child.stdout).on("line", (line) => {
    const answer = JSON.parse(line) as Answer;
    waiting.get(answer.id)?.(answer);
    waiting.delete(answer.id);
  });
  let last = 0;
  async function call<T>(method: Call["method"], args: unknown[], signal?: AbortSignal): Promise<T> {
    const id = ++last;
    const answered = new Promise<Answer>((resolve) => waiting.set(id, resolve));
    const send = (what: Call) => child.stdin.write(`${JSON.stringify(what)}\n`);
    const abort = () => send({ id, method: "abort", args: [String(signal?.reason?.message)] });
    if (signal?.aborted === true) abort();
    signal?.addEventListener("abort", abort, { once: true });
    send({ id, method, args });
    const answer = await answered;
    signal?.removeEventListener("abort", abort);
    if (answer.error === undefined) return answer.value as T;
    const { code, message } = answer.error;
    throw code === undefined ? new Error(message) : new DriverError(code, message);
  }
  return {
    name: "local",
    callSeconds: CALL_SECONDS,
    version: () => call("version", []),
    create: (request, signal) => call("create", [request], signal),
    get: (name, signal) => call("get", [name], signal),
    list: (signal) => call("list", [], signal),
    start: (name, signal) => call("start", [name], signal),
    stop: (name, signal) => call("stop", [name], signal),
    delete: (name, signal) => call("delete", [name], signal),
    capacity: (signal) => call("capacity", [], signal),
    evidence: (name, signal) => call("evidence", [name], signal),
  };
}
