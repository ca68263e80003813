import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { open, readFile } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { DriverError } from "../../driver.ts";
import { stretched } from "../../time/fairTime.ts";
import { isErrno } from "./errno.ts";
import type { MachineFolder } from "./folder.ts";
import { markEnvironment } from "./mark.ts";
import { fstabField } from "./scripts.ts";

/** From spawn until the SSH server listens: about 0.2 s on an idle host, more where many boot at once. */
const BOOT_WITHIN_SECONDS = 60;
const CONSOLE_TAIL_BYTES = 48 * 1024;
const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * How a machine is kept apart. `system`: namespaces and an overlay, needs root. `folder`: nothing but a folder, its
 * accounts are all the user who runs the relay.
 */
export type Isolation = { kind: "system"; hide: string[] } | { kind: "folder" };

/**
 * Starts the machine in a session of its own, so that it lives on without the relay, and returns once its SSH server
 * listens. Where that fails nothing of it is left running but what its mark finds: the caller ends that.
 * @throws DriverError `failed` with the console's tail; the signal's reason where that is aborted.
 */
export async function boot(
  folder: MachineFolder,
  program: string,
  isolation: Isolation,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted();
  const console = await open(join(folder.path, "console.log"), "a", 0o600);
  const from = (await console.stat()).size;
  try {
    await listening(start(folder, program, isolation, console), signal);
  } catch (cause) {
    signal.throwIfAborted();
    const tail = await readConsole(folder, from);
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new DriverError(
      "failed",
      `${folder.name} did not start: ${why}. Its console: ${tail.trim().slice(-2000) || "(empty)"}`,
      { cause },
    );
  } finally {
    await console.close();
  }
}

/** The last 48 KiB of the machine's console, from a byte on; a half-made or half-deleted one may have none. */
export async function readConsole(folder: MachineFolder, from = 0): Promise<string> {
  try {
    const text = (await readFile(join(folder.path, "console.log"))).subarray(from);
    return text.subarray(-CONSOLE_TAIL_BYTES).toString("utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT")) return "";
    throw error;
  }
}

function start(
  folder: MachineFolder,
  program: string,
  isolation: Isolation,
  console: FileHandle,
): ChildProcess {
  const [command, ...args] =
    isolation.kind === "system"
      ? [
          ...["unshare", "--mount", "--uts", "--ipc", "--pid", "--fork"],
          ...["--propagation", "private", "--kill-child=KILL"],
          ...["/bin/sh", join(program, "boot.sh"), folder.path],
          ...[fstabField(process.execPath), fstabField(program), ...isolation.hide],
        ]
      : ["/bin/sh", join(program, "init.sh"), process.execPath, join(program, "sshd.cjs")];
  const child = spawn(command ?? "", args, {
    cwd: folder.path,
    detached: true,
    env: { PATH: SYSTEM_PATH, ...machineEnvironment(folder, isolation) },
    stdio: ["ignore", console.fd, console.fd, "pipe"],
  });
  child.unref();
  return child;
}

/** What the server (sshServer/main.ts) is told, beside the mark that it is found by. */
function machineEnvironment(
  { path, name, record }: MachineFolder,
  isolation: Isolation,
): Record<string, string> {
  const mark = markEnvironment({ ...record, machine: name }, "system");
  if (isolation.kind === "system") return { ...mark, WARMPOOL_HOST_KEY_FILE: "/run/warmpool/host_key" };
  return {
    ...mark,
    WARMPOOL_HOST_KEY_FILE: join(path, "keys/host_key"),
    WARMPOOL_UNPRIVILEGED: "1",
    WARMPOOL_FOLDER: path,
    WARMPOOL_HOMES: join(path, "home"),
    WARMPOOL_STATE: join(path, "state"),
  };
}

/** The server says so on descriptor 3; what ends before that did not boot. */
async function listening(child: ChildProcess, signal: AbortSignal): Promise<void> {
  const said = child.stdio[3] as Readable;
  const settled = new AbortController();
  const deadline = AbortSignal.timeout(stretched(BOOT_WITHIN_SECONDS * 1000));
  const bounds = { signal: AbortSignal.any([signal, deadline, settled.signal]) };
  try {
    await Promise.race([
      once(said, "data", bounds),
      once(child, "exit", bounds).then(([code, by]) => {
        throw new Error(`it exited with ${by ?? `code ${code}`}`);
      }),
    ]);
  } catch (error) {
    if (!deadline.aborted) throw error;
    throw new Error(`its SSH server did not listen within ${BOOT_WITHIN_SECONDS} s`, { cause: error });
  } finally {
    settled.abort();
    said.destroy();
  }
}
