import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { processes } from "../../../../scripts/proc.ts";
import { incusClient } from "../../../../src/relay/drivers/incus/client.ts";
import { PLACE } from "./place.ts";

/**
 * Makes this host one that the driver can use, by the scripts that an operator runs, and throws where that fails. After
 * the tests, what Incus holds must be what it held before; a daemon that was started here is stopped.
 */
const SCRIPT_MS = 20 * 60_000;
const SIGNAL_MS = 30_000;

export default async function setup(): Promise<() => Promise<void>> {
  const wasRunning = await daemonAnswers();
  await run("install-incus.sh");
  await run("build-image.sh");
  const before = await holdings();
  return async () => {
    const after = await holdings();
    if (!wasRunning) await run("install-incus.sh", "stop");
    const left = after.filter((item) => !before.includes(item));
    if (left.length > 0) throw new Error(`The tests left behind: ${left.join(", ")}`);
  };
}

async function daemonAnswers(): Promise<boolean> {
  try {
    await incusClient(PLACE).read("/1.0", z.unknown(), AbortSignal.timeout(SIGNAL_MS));
    return true;
  } catch {
    return false;
  }
}

async function run(script: string, ...args: string[]): Promise<void> {
  const path = fileURLToPath(new URL(`../../../../scripts/${script}`, import.meta.url));
  const { stdout } = await promisify(execFile)("sh", [path, ...args], { timeout: SCRIPT_MS });
  process.stdout.write(stdout);
}

/** What a test could forget: instances, disks, pools, projects, and the processes that hold the machines' ports. */
async function holdings(): Promise<string[]> {
  const incus = incusClient(PLACE);
  const signal = AbortSignal.timeout(SIGNAL_MS);
  const paths = [
    "/1.0/instances",
    "/1.0/projects",
    "/1.0/storage-pools",
    `/1.0/storage-pools/${PLACE.storagePool}/volumes`,
  ];
  const lists = await Promise.all(paths.map((path) => incus.read(path, z.array(z.string()), signal)));
  const proxies = processes().filter(({ command }) => command.includes("forkproxy"));
  // Incus keeps an image unpacked in the pool from the first machine on.
  const things = lists.flat().filter((url) => !url.includes("/volumes/image/"));
  return [...things, ...proxies.map(({ command }) => command)];
}
