import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { deleteMarked } from "../accept/leftMachines.ts";
import type { Driver } from "../accept/options.ts";
import { freePort } from "../accept/part.ts";
import { hostKeyAt, makeKey } from "../accept/sshClient.ts";
import { deadline } from "../test/helpers/patience.ts";
import { until } from "../test/helpers/until.ts";

/**
 * A machine of somebody else, beside ours in the same place: made by the same driver with another installation's mark.
 * Nothing that happens to ours may touch it.
 */
export type Foreign = {
  name: string;
  /** Whether it answers, under its own key. */
  isWell(): Promise<boolean>;
  remove(): Promise<void>;
};

const PROGRAM = fileURLToPath(new URL("../test/relay/helpers/detourProgram.ts", import.meta.url));
const CALL_SECONDS = 120;
const NAME = "neighbour";
const MARK_FILE = "neighbour-mark";

/**
 * @param machines the folder of machines, for the driver `local`
 * @param folder of its host key
 * @throws Error where it is not made, or does not answer within a minute
 */
export async function makeForeign(driver: Driver, machines: string, folder: string): Promise<Foreign> {
  const installation = randomUUID();
  await writeFile(join(folder, MARK_FILE), installation);
  const env = {
    WARMPOOL_INSTALLATION: installation,
    WARMPOOL_NODE: NAME,
    WARMPOOL_TEST_DRIVER: driver,
    WARMPOOL_TEST_MACHINES: machines,
  };
  const { file, publicKey } = await makeKey(folder, NAME);
  const [type, key] = publicKey.split(" ");
  const [port, httpPort] = [await freePort(), await freePort()];
  const name = `${NAME}-${installation.slice(0, 4)}`;
  const request = {
    name,
    shape: { vcpus: 1, memoryMib: 512, diskGib: 1 },
    image: driver === "incus" ? "warmpool-debian" : "local",
    instanceType: "container",
    authorizedKeys: [publicKey],
    hostKey: { privateKey: await readFile(file, "utf8"), publicKey: `${type} ${key}` },
    port,
    httpPort,
  };
  await call("create", request, env);
  const isWell = async () => (await hostKeyAt("127.0.0.1", port)) === key;
  await until("the neighbour's machine to answer", isWell, { seconds: 60, everyMs: 500 });
  return { name, isWell, remove: () => call("delete", { name }, env) };
}

/** Deletes what a failed run has left of it in Incus. */
export async function deleteForeign(folder: string): Promise<void> {
  const mark = await readFile(join(folder, MARK_FILE), "utf8").catch(() => null);
  if (mark !== null) await deleteMarked(mark);
}

function call(command: string, input: object, env: Record<string, string>): Promise<void> {
  return new Promise((done, fail) => {
    const options = { signal: deadline(CALL_SECONDS), env: { ...process.env, ...env } };
    const child = execFile(process.execPath, [PROGRAM, command], options, (error, _, stderr) => {
      // The input holds a key: the error is told without it.
      if (error === null) done();
      else fail(new Error(`the neighbour's ${command} failed: ${stderr.trim()}`));
    });
    child.stdin?.end(JSON.stringify(input));
  });
}
