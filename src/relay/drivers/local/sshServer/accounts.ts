import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** An account that can be logged in to. */
export type Account = { name: string; uid: number; gid: number; home: string; shell: string };

/**
 * Where accounts come from and what it takes to run something as one. `become` puts in front of a program what turns
 * the server into the account; `environment` is what its processes start with, and nothing else.
 */
export type Accounts = {
  find(name: string): Account | null;
  become(account: Account): string[];
  environment(account: Account): Record<string, string>;
};

const USER_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games";
const ROOT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The machine's real accounts, read from /etc/passwd at every look: an account can come and go at any time. */
export const systemAccounts: Accounts = {
  find(name) {
    const entries = readFileSync("/etc/passwd", "utf8").split("\n");
    const fields = entries.map((entry) => entry.split(":")).find(([first]) => first === name);
    const [, , uid, gid, , home, shell = ""] = fields ?? [];
    if (uid === undefined || gid === undefined || !home?.startsWith("/")) return null;
    return { name, uid: Number(uid), gid: Number(gid), home, shell: shell === "" ? "/bin/sh" : shell };
  },
  // Root is what the server is already. For others, Node's own uid and gid options drop every supplementary group:
  // membership of sudo or docker would not count.
  become: ({ uid, gid }) =>
    uid === 0 && gid === 0 ? [] : ["setpriv", `--reuid=${uid}`, `--regid=${gid}`, "--init-groups", "--"],
  environment: (account) => ({ ...basics(account), PATH: account.uid === 0 ? ROOT_PATH : USER_PATH }),
};

/**
 * Accounts of a machine that is only a folder: `root`, and whoever has a folder under `home`. All of them are the
 * user who runs the server. `marks` is what their processes are later found and ended by.
 */
export function folderAccounts(folder: string, marks: Record<string, string>): Accounts {
  const uid = process.geteuid?.() ?? 0;
  const gid = process.getegid?.() ?? 0;
  return {
    find(name) {
      if (!/^[a-z_][a-z0-9_-]{0,31}$/.test(name)) return null;
      const home = name === "root" ? join(folder, "root") : join(folder, "home", name);
      return existsSync(home) ? { name, uid, gid, home, shell: "/bin/sh" } : null;
    },
    become: () => [],
    environment: (account) => ({ ...marks, ...basics(account), PATH: ROOT_PATH }),
  };
}

function basics({ name, home, shell }: Account): Record<string, string> {
  return { HOME: home, USER: name, LOGNAME: name, SHELL: shell, LANG: "C.UTF-8" };
}
