import { own } from "../../contract/own.ts";
import type { OperationResult } from "../../contract/operationResult.ts";
import { sshKeyIdentity, sshPublicKeyProblem } from "../../contract/sshKey.ts";
import { fingerprint } from "../ssh/hostKey.ts";
import { quote } from "../ssh/shell.ts";
import { oneLine } from "../text.ts";
import { READ, RUN_AS } from "./keyFiles.ts";

/**
 * The proof of a clean hand-over: every key file on the machine that opens an account is read back, and no key but
 * the tester's, the relay's and the admins' is in any of them.
 */

/** Key lines by account, as they stand in its files. */
export type AccountKeys = Extract<OperationResult, { outcome: "set_up" }>["handover"]["keys"];

/** Lines of `ACCOUNT BASE64` for key files and `! ACCOUNT WHAT` for what is none, then a line with a dot: it is whole. */
export const READ_KEYS = `show_keys=${quote(READ)}
${RUN_AS}
show() {
  for how in in_home in_ssh; do
    code=0
    "$how" "$2" "$3" "$4" "$show_keys" "$1" || code=$?
    [ $code != 6 ] || printf '! %s %s\\n' "$1" 'others than root can change its home'
  done
}
if [ "$WARMPOOL_UNPRIVILEGED" = 1 ]; then
  sh -eu -c "$show_keys" keys "$HOME" root
  for home in "$WARMPOOL_HOMES"/*; do
    [ ! -d "$home" ] || sh -eu -c "$show_keys" keys "$home" "$(basename "$home")"
  done
else
  getent passwd | while IFS=: read -r name _ uid gid _ home _; do
    if [ -e "$home/.ssh" ] || [ -L "$home/.ssh" ]; then show "$name" "$uid" "$gid" "$home" </dev/null; fi
  done
fi
echo .`;

/** More accounts with key files than any image has: what is beyond is no clean machine. */
const MAX_ACCOUNTS = 1000;

const MAX_NAME = 200;
const MAX_ODD = 20;

/**
 * What was read back, each key once, however often it stands in the files of its account. `odd` are sentences about key
 * files that are no plain files. Null if the text is not whole.
 * @throws Error for accounts that no system has: too many of them, or a name without end
 */
export function parseKeys(output: string): { keys: AccountKeys; odd: string[] } | null {
  const texts = output.split("\n").filter((text) => text !== "");
  if (texts.pop() !== ".") return null;
  const keys = new Map<string, Map<string, string>>();
  const odd: string[] = [];
  for (const line of texts) {
    const [account = "", content = "", ...rest] = line.split(" ");
    if (account === "!") {
      // Whoever is root on the machine decides what stands here, and how often.
      if (odd.length < MAX_ODD)
        odd.push(`${oneLine(content, 100)}'s account: ${oneLine(rest.join(" "), 100)}.`);
      continue;
    }
    const lines = Buffer.from(content, "base64")
      .toString("utf8")
      .split("\n")
      .map((text) => text.trim())
      .filter((text) => text !== "" && !text.startsWith("#"));
    // The edge takes it for no name, and so would not take the result.
    if (account === "__proto__") throw new Error("an account is named __proto__");
    if (account.length > MAX_NAME) throw new Error(`an account name has ${account.length} characters`);
    const known = keys.get(account) ?? new Map<string, string>();
    for (const text of lines) if (!known.has(sshKeyIdentity(text))) known.set(sshKeyIdentity(text), text);
    keys.set(account, known);
  }
  if (keys.size > MAX_ACCOUNTS) throw new Error(`${keys.size} accounts have key files`);
  // Made of entries, so that an account may have any name.
  return {
    keys: Object.fromEntries([...keys].map(([account, lines]) => [account, [...lines.values()]])),
    odd,
  };
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
      problems.push(`The account ${account} accepts a key that Warmpool did not install: ${describe(line)}.`);
    }
  }
  for (const [account, wanted] of [
    [username, testerKeys],
    ["root", rootKeys],
  ] as const) {
    const there = new Set((own(keys, account) ?? []).map(sshKeyIdentity));
    for (const key of wanted.filter((text) => !there.has(sshKeyIdentity(text)))) {
      problems.push(`The account ${account} lacks the key ${describe(key)}.`);
    }
  }
  return problems;
}

/**
 * A key by its type and fingerprint. Nothing else of a line is said: it is the text of a file on the machine, and whoever
 * put it there may want to see it in an error.
 */
function describe(line: string): string {
  const [type = "", blob = ""] = line.split(/\s+/);
  return sshPublicKeyProblem(`${type} ${blob}`) === null
    ? `${type} ${fingerprint(Buffer.from(blob, "base64"))}`
    : "a line that is not a plain key";
}
