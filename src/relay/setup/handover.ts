import { own } from "../../contract/own.ts";
import type { OperationResult } from "../../contract/relay.ts";
import { sshKeyIdentity } from "../../contract/sshKey.ts";
import { fingerprint } from "../hostKey.ts";

/**
 * The proof of a clean hand-over: every key file on the machine that opens an account is read back, and no key but
 * the tester's, the relay's and the admins' is in any of them.
 */

/** Key lines by account, as they stand in its files. */
export type AccountKeys = Extract<OperationResult, { outcome: "set_up" }>["handover"]["keys"];

/**
 * Prints `ACCOUNT BASE64` for every key file of every account. Files that sshd would not read because of their mode
 * are read all the same: a mode is soon changed.
 */
export const READ_KEYS = String.raw`show() {
  for file in "$2/.ssh/authorized_keys" "$2/.ssh/authorized_keys2"; do
    [ ! -f "$file" ] || printf '%s %s\n' "$1" "$(base64 -w 0 "$file")"
  done
}
if [ "$WARMPOOL_UNPRIVILEGED" = 1 ]; then
  show root "$HOME"
  for home in "$WARMPOOL_HOMES"/*; do [ ! -d "$home" ] || show "$(basename "$home")" "$home"; done
else
  getent passwd | while IFS=: read -r name _ _ _ _ home _; do show "$name" "$home"; done
fi`;

/** More accounts with key files than any image has: what is beyond is no clean machine. */
const MAX_ACCOUNTS = 1000;

const MAX_NAME = 200;

/**
 * Each key once, however often it stands in the files of its account.
 * @throws Error for accounts that no system has: too many of them, or a name without end
 */
export function parseKeys(output: string): AccountKeys {
  const keys = new Map<string, Map<string, string>>();
  for (const line of output.split("\n").filter((text) => text !== "")) {
    const [account = "", content = ""] = line.split(" ");
    const lines = Buffer.from(content, "base64")
      .toString("utf8")
      .split("\n")
      .map((text) => text.trim())
      .filter((text) => text !== "" && !text.startsWith("#"));
    if (account.length > MAX_NAME) throw new Error(`an account's name has ${account.length} characters`);
    const known = keys.get(account) ?? new Map<string, string>();
    for (const text of lines) if (!known.has(sshKeyIdentity(text))) known.set(sshKeyIdentity(text), text);
    keys.set(account, known);
  }
  if (keys.size > MAX_ACCOUNTS) throw new Error(`${keys.size} accounts have key files`);
  // Made of entries, so that an account may have any name.
  return Object.fromEntries([...keys].map(([account, lines]) => [account, [...lines.values()]]));
}

export type Expected = {
  username: string;
  testerKeys: readonly string[];
  /** The relay's and the admins'. */
  rootKeys: readonly string[];
};

/** What is wrong with the keys, a sentence each; none where the hand-over is clean. */
export function keyProblems(keys: AccountKeys, { username, testerKeys, rootKeys }: Expected): string[] {
  const problems: string[] = [];
  for (const [account, lines] of Object.entries(keys)) {
    const allowed = new Set((account === username ? testerKeys : rootKeys).map(sshKeyIdentity));
    for (const line of lines.filter((text) => !allowed.has(sshKeyIdentity(text)))) {
      problems.push(`${account}'s account is opened by a key that is none of ours: ${describe(line)}.`);
    }
  }
  for (const [account, wanted] of [
    [username, testerKeys],
    ["root", rootKeys],
  ] as const) {
    const there = new Set((own(keys, account) ?? []).map(sshKeyIdentity));
    for (const key of wanted.filter((text) => !there.has(sshKeyIdentity(text)))) {
      problems.push(`${account}'s account lacks the key ${describe(key)}.`);
    }
  }
  return problems;
}

/** A key as a person tells it from others: its fingerprint and comment. */
function describe(line: string): string {
  const [type = "", blob = "", ...comment] = line.split(/\s+/);
  if (!/^(ssh|ecdsa|sk)-/.test(type))
    return `a line that is no plain key, beginning with ${JSON.stringify(type.slice(0, 40))}`;
  return [type, fingerprint(Buffer.from(blob, "base64")), ...comment].join(" ").slice(0, 200);
}
