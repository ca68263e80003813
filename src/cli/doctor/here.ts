import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_STATE_DIR } from "../../contract/stateFolder.ts";
import { readLocal } from "../session/target.ts";
import { ok, unknown, wrong } from "./check.ts";
import type { Check } from "./check.ts";

/** What can be seen on this machine, without Warmpool. */

/** Where npm start listens unless it is told otherwise. */
const DEFAULT_PORT = "8787";
const SSH_TIMEOUT_MS = 5000;

/** Whether the local stack's file speaks of a stack that runs; nothing where `url` is not that stack. */
export function localFile(stateDir: string, url: string): Check[] {
  const local = readLocal(stateDir);
  if (local === null || local.url !== url) return [];
  const file = join(stateDir, "local.json");
  const { port } = new URL(url);
  const options = [
    ...(stateDir === DEFAULT_STATE_DIR ? [] : [`--state-dir ${stateDir}`]),
    ...(port === DEFAULT_PORT ? [] : [`--port ${port}`]),
  ];
  const given = options.length === 0 ? "" : ` -- ${options.join(" ")}`;
  const gone = Object.entries(local.pids).filter(([, pid]) => pid === null || !isAlive(pid));
  if (gone.length === 0) return [ok("local stack", `all parts in ${file} are running`)];
  const names = gone.map(([part, pid]) => (pid === null ? part : `${part} (pid ${pid})`)).join(", ");
  return gone.some(([part]) => part === "supervisor")
    ? [
        wrong(
          "local stack",
          `${file} belongs to a stack that is no longer running: ${names} missing`,
          `start it again with npm start${given}; its data is kept`,
        ),
      ]
    : [
        wrong(
          "local stack",
          `not running: ${names}`,
          `npm start restarts it automatically; its log is in ${join(stateDir, "logs")}`,
        ),
      ];
}

/** Whether `warmpool ssh` can do its work. */
export function sshProgram(): Check {
  const { error, stderr } = spawnSync("ssh", ["-V"], { encoding: "utf8", timeout: SSH_TIMEOUT_MS });
  return error === undefined
    ? ok("ssh program", stderr.trim().split("\n")[0] ?? "there")
    : wrong(
        "ssh program",
        `cannot be run: ${error.message}`,
        "install OpenSSH's client (Debian: openssh-client)",
      );
}

/** Whether nobody else on this host can read the relay's key and credential; nothing where no relay is kept here. */
export function relayFolder(dir: string): Check[] {
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    return missing ? [] : [unknown("relay's key", `${dir} cannot be read here`)];
  }
  const secrets = ["id_ed25519", "relay.json"].filter((name) => names.includes(name));
  const open = secrets
    .filter((name) => (statSync(join(dir, name)).mode & 0o077) !== 0)
    .map((name) => join(dir, name));
  if (open.length > 0) {
    return [
      wrong(
        "relay's key",
        `other users of this host can read ${open.join(" and ")}`,
        `chmod 600 ${open.join(" ")}`,
      ),
    ];
  }
  return secrets.length === 0 ? [] : [ok("relay's key", `only its owner can read ${dir}`)];
}

/** One that has ended and that its parent has not asked about yet is not alive, though it has a pid still. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0) && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch (error) {
    // It lives, and belongs to somebody else.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
