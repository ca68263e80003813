import { realpathSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { endProcesses, listProcesses, readProcess, workingFolder } from "./processes.ts";
import type { ProcessInfo } from "./processes.ts";

/**
 * What is left of a Postgres cluster whose supervisor died. Every process of a cluster works in its data folder, and
 * nothing else does: that is how they are known, whatever postmaster.pid says. postmaster.pid is removed only when
 * the process it names is proven not to be this cluster's.
 */

/** The processes of the cluster in that data folder, postmaster and backends. */
export function clusterProcesses(dataDir: string): ProcessInfo[] {
  const folder = realpathSync(dataDir);
  return listProcesses().filter(
    ({ pid, name }) => name.startsWith("postgres") && workingFolder(pid) === folder,
  );
}

/** Ends the cluster, orphaned backends included: a fast shutdown first, so that the next start need not recover. */
export async function endCluster(dataDir: string, graceSeconds: number): Promise<void> {
  const postmaster = await recordedPid(dataDir);
  const find = () => clusterProcesses(dataDir).filter(({ pid }) => pid === postmaster);
  await endProcesses(find, { signal: "SIGINT", graceSeconds });
  // A backend notices by itself that its postmaster is gone, but not while it is stopped or in a long query.
  await endProcesses(() => clusterProcesses(dataDir), { signal: "SIGQUIT", graceSeconds: 2 });
}

/**
 * Removes a postmaster.pid that a killed postmaster left, where its number is nobody's or somebody else's by now:
 * Postgres itself would refuse to start for as long as that somebody lives.
 */
export async function removeStalePidFile(dataDir: string): Promise<void> {
  const pid = await recordedPid(dataDir);
  if (pid === null) return;
  const holder = readProcess(pid);
  const folder = workingFolder(pid);
  const isProvenForeign = holder === null || holder.state === "Z" || folder !== null;
  if (isProvenForeign && folder !== realpathSync(dataDir)) await rm(pidFile(dataDir), { force: true });
}

async function recordedPid(dataDir: string): Promise<number | null> {
  try {
    return Number.parseInt(await readFile(pidFile(dataDir), "utf8"), 10);
  } catch {
    return null;
  }
}

function pidFile(dataDir: string): string {
  return join(dataDir, "postmaster.pid");
}
