import { execFile } from "node:child_process";
import { chown } from "node:fs/promises";
import { promisify } from "node:util";
import { stretched } from "../relay/time/fairTime.ts";

/**
 * Postgres refuses to run as root. Instead of making an account on the host, root runs it inside a user namespace in
 * which root's files belong to `nobody`: nothing on the host changes, and it works below /root too. Where user
 * namespaces are not allowed (some containers), it runs as `nobody` itself, which then has to own the data.
 */
const NOBODY = 65_534;

export type Unprivileged = {
  /** The program and arguments that run `command` without root's rights, under the same pid. */
  wrap: (command: string, args: string[]) => { command: string; args: string[] };
  /** Makes a file or folder belong to whoever `wrap` runs as. */
  own: (path: string) => Promise<void>;
};

/** How a program is kept from running as root here; for anybody but root it just runs. */
export async function unprivileged(): Promise<Unprivileged> {
  if (process.geteuid?.() !== 0) {
    return { wrap: (command, args) => ({ command, args }), own: async () => undefined };
  }
  if (await succeeds("unshare", [...NAMESPACE, "true"])) {
    return {
      wrap: (command, args) => ({ command: "unshare", args: [...NAMESPACE, command, ...args] }),
      own: async () => undefined,
    };
  }
  return {
    wrap: (command, args) => ({ command: "setpriv", args: [...AS_NOBODY, command, ...args] }),
    own: (path) => chown(path, NOBODY, NOBODY),
  };
}

const NAMESPACE = ["--user", `--map-user=${NOBODY}`, `--map-group=${NOBODY}`];
const AS_NOBODY = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];

async function succeeds(command: string, args: string[]): Promise<boolean> {
  try {
    await promisify(execFile)(command, args, { timeout: stretched(30_000) });
    return true;
  } catch {
    return false;
  }
}
