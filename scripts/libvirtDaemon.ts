import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, openSync } from "node:fs";
import { chmod, chown } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { environmentOf, processes } from "./proc.ts";

/**
 * A libvirt for one run: the daemon of an ordinary user's session, with all that it has in one folder, so that it meets
 * no libvirt that is there already and nothing of it stays. It runs as nobody, since root has no session of its own.
 */
export type LibvirtDaemon = {
  /** What virsh connects to. */
  uri: string;
  /** Folder of the one storage pool, which is called warmpool. */
  pool: string;
  /** What virsh prints. @throws where it ends with another code than 0 */
  virsh: (...args: string[]) => string;
  /** Ends the daemon and every process of its folder. */
  stop: () => Promise<void>;
};

const NOBODY = 65_534;
const START_MS = 30_000;
const END_MS = 20_000;
const POLL_MS = 100;
const VIRSH_MS = 60_000;
/** Machines are emulated as a guest among what the host does otherwise. */
const NICENESS = "10";

/** @param folder empty, and of so short a path that sockets fit in it */
export async function startLibvirt(folder: string): Promise<LibvirtDaemon> {
  const [home, run, pool] = ["home", "run", "pool"].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  await chmod(folder, 0o755);
  for (const path of [home, run, pool]) {
    mkdirSync(path, { mode: path === run ? 0o700 : 0o755 });
    await chown(path, NOBODY, NOBODY);
  }
  const env = {
    ...{ PATH: "/usr/sbin:/usr/bin:/sbin:/bin", HOME: home, XDG_RUNTIME_DIR: run },
    ...{ XDG_CONFIG_HOME: join(home, "c"), XDG_CACHE_HOME: join(home, "k"), XDG_DATA_HOME: join(home, "d") },
  };
  const socket = join(run, "libvirt/libvirt-sock");
  const uri = `qemu+unix:///session?socket=${socket}`;
  const virsh = (...args: string[]): string => {
    const options = { encoding: "utf8", timeout: VIRSH_MS, env: { PATH: env.PATH, LC_ALL: "C" } } as const;
    const { status, stdout, stderr } = spawnSync("virsh", ["-q", "-c", uri, ...args], options);
    if (status === 0) return stdout;
    throw new Error(`virsh ${args.join(" ")}: ${stderr.trim() || "did not end"}`);
  };
  const own = (): number[] =>
    processes()
      .map(({ pid }) => pid)
      .filter((pid) => environmentOf(pid).split("\0").includes(`XDG_RUNTIME_DIR=${run}`));
  const stop = async (): Promise<void> => {
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      for (const pid of own()) process.kill(pid, signal);
      await waitFor(() => own().length === 0, END_MS);
    }
  };

  const log = openSync(join(folder, "libvirtd.log"), "a");
  const as = ["--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "nice", "-n", NICENESS];
  const daemon = spawn("setpriv", [...as, "libvirtd"], { cwd: folder, env, stdio: ["ignore", log, log] });
  const failed = once(daemon, "exit").catch((error: unknown) => error);
  const isUp = await Promise.race([waitFor(() => existsSync(socket), START_MS), failed.then(() => false)]);
  if (!isUp) {
    await stop();
    throw new Error(
      `libvirtd did not start within ${START_MS / 1000} s: ${join(folder, "libvirtd.log")} says why`,
    );
  }
  virsh("pool-define-as", "warmpool", "dir", "--target", pool);
  virsh("pool-start", "warmpool");
  return { uri, pool, virsh, stop };
}

async function waitFor(isSo: () => boolean, milliseconds: number): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  while (!isSo()) {
    if (performance.now() >= deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}
