import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { CreateRequest } from "../../../../src/relay/driver.ts";
import { localDriver } from "../../../../src/relay/drivers/local/driver.ts";
import type { LocalDriver, LocalOptions } from "../../../../src/relay/drivers/local/driver.ts";
import { findProcesses } from "../../../../src/relay/drivers/local/processes.ts";
import type { MachineProcess } from "../../../../src/relay/drivers/local/processes.ts";
import type { DriverUnderTest } from "../conformance.ts";
import { deadline } from "../../../helpers/patience.ts";

/** A local driver with a folder of its own, for one test. */
export type LocalUnderTest = DriverUnderTest & {
  driver: LocalDriver;
  options: LocalOptions;
  processes(name: string): MachineProcess[];
};

export async function localUnderTest(hide: string[] = []): Promise<LocalUnderTest> {
  const root = mkdtempSync(join(tmpdir(), "warmpool-machines-"));
  const options: LocalOptions = { root, installation: randomUUID(), node: "n1", hide };
  const driver = localDriver(options);
  const processes = (name: string) => findProcesses(options).filter((one) => one.mark.machine === name);
  return {
    driver,
    options,
    processes,
    again: async () => localDriver(options),
    foreign: async () => localDriver({ ...options, installation: randomUUID() }),
    leaveHalfMade: (request) => dieInCreate({ options, request, at: "hostKey" }),
    freeze: async (name) => freeze(processes(name)),
    async [Symbol.asyncDispose]() {
      await removeAll(driver);
      rmSync(root, { recursive: true });
    },
  };
}

/** Deletes every machine the driver knows of, half-made ones too. */
export async function removeAll(driver: Pick<LocalDriver, "list" | "delete">): Promise<void> {
  const signal = deadline(30);
  const { machines } = await driver.list(signal);
  for (const { name } of machines) await driver.delete(name, signal);
}

export function freeze(processes: MachineProcess[]): void {
  if (processes.length === 0) throw new Error("there is no process to freeze");
  for (const { pid } of processes) process.kill(pid, "SIGSTOP");
}

/**
 * Where a process can be made to die in a create, in that order: at what it reads of its request, with the file of its
 * mark opened and nothing written yet, or once it is done.
 */
export type DeathPoint = "port" | "mark" | "hostKey" | "authorizedKeys" | "done";

export type DoomedCreate = { options: LocalOptions; request: CreateRequest; at: DeathPoint };

/** Runs a create in a process of its own that is killed by SIGKILL at that point of it. */
export async function dieInCreate(doomed: DoomedCreate, run = runHere): Promise<void> {
  const child = run("dieInCreate.ts");
  child.stdin.end(JSON.stringify(doomed));
  await once(child, "exit", { signal: deadline(20) }).finally(() => child.kill("SIGKILL"));
  if (child.signalCode === "SIGKILL") return;
  throw new Error(`the create was not killed at ${doomed.at}, but ended with code ${child.exitCode}`);
}

export function runHere(program: string): ChildProcessByStdin {
  const path = fileURLToPath(new URL(program, import.meta.url));
  return spawn(process.execPath, [path], { stdio: ["pipe", "inherit", "inherit"] });
}

export type ChildProcessByStdin = ReturnType<typeof spawn> & { stdin: Writable };
