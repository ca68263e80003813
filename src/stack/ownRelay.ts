import { existsSync, renameSync } from "node:fs";
import { copyFile, mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { identityIn } from "../relay/session/identity.ts";
import type { Identity } from "../relay/session/identity.ts";
import type { StackFolder } from "./folder.ts";

/**
 * The folder of the stack's own relay. It is apart from `relay`, where `warmpool relay join` keeps a node's by default:
 * one path with two owners had the second end the first.
 */
export const NODE_NAME = "local";

type Folders = Pick<StackFolder, "relay" | "formerRelay">;

/** A relay keeps its credential in relay.json from the moment it has joined. */
export function hasJoined({ relay }: Folders): boolean {
  return existsSync(join(relay, "relay.json"));
}

/** Why a relay on that folder would serve another node than the stack's, in words for a person; null where it would not. */
export function strangerIn(dir: string, who: Identity | null): string | null {
  if (who === null) return `found no identity in ${dir}; move that folder away, and npm start joins again`;
  if (who.node === NODE_NAME) return null;
  return (
    `would serve node ${who.node} of ${who.url} instead of node ${NODE_NAME}: ${dir} contains the identity of that node. ` +
    "Move that folder away, and npm start joins again"
  );
}

/** @throws Error where the stack's relay would serve another node, see `strangerIn` */
export async function assertOwn({ relay }: Folders): Promise<void> {
  const why = strangerIn(relay, await identityIn(relay));
  if (why !== null) throw new Error(why);
}

/** What there is to do about a relay that a stack of version 0.1 kept in `relay`. Pure. */
export function takeOver(
  former: Identity | null,
  installation: string,
  isKnownNode: boolean,
): "move" | "copy the key" | "leave" {
  if (former !== null && former.installation === installation && former.node === NODE_NAME) return "move";
  // A later `relay join` has put another identity there and kept the key, which is what opens the stack's machines.
  return isKnownNode ? "copy the key" : "leave";
}

/**
 * Brings what a stack of version 0.1 kept in `relay` to where it is now, once; a node's folder that a person joined
 * there stays. Not while a relay serves it.
 * @param isKnownNode whether the edge knows the stack's node, so that a relay of it has been somewhere
 */
export async function takeOverFormer(
  folders: Folders,
  installation: string,
  isKnownNode: boolean,
): Promise<void> {
  const { relay, formerRelay } = folders;
  if (existsSync(relay) || !existsSync(formerRelay)) return;
  const todo = takeOver(await identityIn(formerRelay), installation, isKnownNode);
  if (todo === "move") renameSync(formerRelay, relay);
  if (todo !== "copy the key" || !existsSync(join(formerRelay, "id_ed25519"))) return;
  const fresh = `${relay}.new`;
  await mkdir(fresh, { recursive: true, mode: 0o700 });
  await copyFile(join(formerRelay, "id_ed25519"), join(fresh, "id_ed25519"));
  await rename(fresh, relay);
}

/**
 * What gives the stack's relay its node again, in words for a person; null if the relay ended for another reason.
 * @param sameTarget the options that lead a verb to this stack
 * @param words its last ones: those of `refusal` (src/relay/session/session.ts) if another relay has joined in its place
 */
export function wayBack(
  words: string,
  url: string,
  { relay }: Pick<Folders, "relay">,
  sameTarget: string,
): string | null {
  if (!isReplaced(words)) return null;
  return (
    `To give it the node ${NODE_NAME} again: \`npx warmpool node enroll ${NODE_NAME}${sameTarget}\`, and with the token that this prints ` +
    `\`npx warmpool relay join --url ${url} --dir ${relay} --replace\`. Until then, this stack is not ready: its relay serves no node`
  );
}

/** Whether the relay's last words are that another one has joined in its place. */
export function isReplaced(words: string | null): boolean {
  return words !== null && words.includes("rejected this node's credential");
}

/** The last thing that a part's log says, for whoever waits for the part; null where it says nothing. */
export async function lastWords(logFile: string): Promise<string | null> {
  const text = await readFile(logFile, "utf8").catch(() => "");
  const lines = text.slice(-LOOKED_AT).trimEnd().split("\n");
  // A sentence for a person may take several lines. Without such a line, -1 is the last line.
  const words = lines
    .slice(lines.findLastIndex((line) => BEGINS.test(line)))
    .join(" ")
    .trim();
  return words === "" ? null : words.slice(0, LONGEST);
}

/** A line of the log, or what a command has to say when it ends. */
const BEGINS = /^(?:\d{4}-\d\d-\d\dT|warmpool\b)/;
const LOOKED_AT = 8192;
const LONGEST = 400;
