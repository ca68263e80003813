import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Driver } from "../harness/options.ts";
import { freePort } from "../harness/part.ts";
import { hostKeyAt, makeKey } from "../harness/sshClient.ts";
import { deadline } from "../../test/helpers/patience.ts";
import { until } from "../../test/helpers/until.ts";

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

const PROGRAM = fileURLToPath(new URL("../../test/relay/helpers/detourProgram.ts", import.meta.url));
const CALL_SECONDS = 120;
const NAME = "neighbour";

/**
 * @param machines the folder of machines, for the driver `local`
 * @param folder of its host key
 * @throws Error where it is not made, or does not answer within a minute
 */
export async function makeForeign(driver: Driver, machines: string, folder: string): Promise<Foreign> {
  const installation = randomUUID();
  // If the run is killed, its machine is found by this file, like those of relays by theirs.
  await mkdir(join(folder, `${NAME}-relay`));
  await writeFile(join(folder, `${NAME}-relay`, "relay.json"), JSON.stringify({ installation }));
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
  const isWell = async () => (await hostKeyAt("127.0.0.1", port)) === key;
  const remove = () => call("delete", { name }, env);
  try {
    await call("create", request, env);
    await until("the neighbour's machine to answer", isWell, { seconds: 60, everyMs: 500 });
  } catch (error) {
    await remove();
    throw error;
  }
  return { name, isWell, remove };
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
