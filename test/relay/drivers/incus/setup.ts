import { z } from "zod";
import { processes } from "../../../../scripts/proc.ts";
import { incusClient } from "../../../../src/relay/drivers/incus/client.ts";
import { parseHelper } from "../../../../src/relay/drivers/incus/leftProxies.ts";
import { INSTALLED } from "../../../../src/relay/drivers/incus/place.ts";
import { runScript } from "./script.ts";
import { deadline } from "../../../helpers/patience.ts";

/**
 * Makes this host one that the driver can use, by the scripts that an operator runs, and throws where that fails. After
 * the tests, nothing of theirs may be left in Incus; a daemon that was started here is stopped.
 */
const SIGNAL_SECONDS = 30;

export default async function setup(): Promise<() => Promise<void>> {
  const wasRunning = await daemonAnswers();
  await runScript("install-incus.sh");
  await runScript("build-image.sh");
  const before = await holdings();
  return async () => {
    const after = await holdings();
    if (!wasRunning) await runScript("install-incus.sh", "stop");
    const left = after.filter((item) => !before.includes(item));
    if (left.length > 0) throw new Error(`The tests left behind: ${left.join(", ")}`);
  };
}

async function daemonAnswers(): Promise<boolean> {
  try {
    await incusClient(INSTALLED).read("/1.0", z.unknown(), deadline(SIGNAL_SECONDS));
    return true;
  } catch {
    return false;
  }
}

/**
 * What a test could forget: its instances, disks, pools and projects, which all have names of one kind, and helpers of
 * Incus that hold a port for a container that is gone, whoever's it was.
 */
async function holdings(): Promise<string[]> {
  const incus = incusClient(INSTALLED);
  const signal = deadline(SIGNAL_SECONDS);
  const paths = [
    "/1.0/instances",
    "/1.0/projects",
    "/1.0/storage-pools",
    `/1.0/storage-pools/${INSTALLED.storagePool}/volumes`,
  ];
  const lists = await Promise.all(paths.map((path) => incus.read(path, z.array(z.string()), signal)));
  const running = processes();
  const pids = new Set(running.map(({ pid }) => pid));
  const left = running.filter(({ command }) => {
    const helper = parseHelper(command.split(" "));
    return helper !== null && !pids.has(helper.containerPid);
  });
  return [
    ...lists.flat().filter((url) => /\/wp-(?:check-)?[0-9a-f]{8}\b/.test(url)),
    ...left.map(({ command }) => command),
  ];
}
