import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import * as z from "zod";
import { own } from "../../contract/own.ts";
import { recordOf } from "../../contract/record.ts";
import { fileProblem } from "../terminal/fileProblem.ts";
import { CliError, EXIT } from "../terminal/exit.ts";

/**
 * Contexts: named Warmpools, each with its URL and token, in one file of the user's configuration. The file holds
 * tokens, so it has mode 0600, and one that others can read is refused.
 */

const contextName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, "must be letters, digits, ., _ or -, 63 at most");
const contextsFile = z.strictObject({
  /** The one that runs use which name none. */
  current: contextName.nullable(),
  contexts: recordOf(contextName, z.strictObject({ url: z.string(), token: z.string() })),
});

export type Context = { url: string; token: string };
export type Contexts = z.infer<typeof contextsFile>;

const NONE: Contexts = { current: null, contexts: {} };

/**
 * The file in which contexts are kept; null if the environment names no home. A relative XDG_CONFIG_HOME does not
 * count: https://specifications.freedesktop.org/basedir-spec
 */
export function contextsPath(env: NodeJS.ProcessEnv): string | null {
  const { XDG_CONFIG_HOME: config = "", HOME: home = "" } = env;
  const folder = config.startsWith("/") ? config : home === "" ? null : join(home, ".config");
  return folder === null ? null : join(folder, "warmpool", "contexts.json");
}

/** All contexts. @throws CliError if the file is not one that this program writes, or if others can read it */
export function readContexts(env: NodeJS.ProcessEnv): Contexts {
  const path = contextsPath(env);
  if (path === null) return NONE;
  const file = readPrivate(path);
  if (file === null) return NONE;
  if ((file.mode & 0o077) !== 0) {
    throw new CliError(
      EXIT.failed,
      `${path} holds tokens, and others can read it (its mode is ${file.mode.toString(8).padStart(4, "0")}).`,
      `Run \`chmod 600 ${path}\`. If others may have read it, replace the tokens too.`,
    );
  }
  const parsed = contextsFile.safeParse(jsonOrNull(file.text));
  if (parsed.success) return parsed.data;
  throw new CliError(
    EXIT.failed,
    `${path} is not what \`warmpool context\` writes.`,
    "Delete it, and add the contexts again.",
  );
}

/** A file's text and its mode; null if there is no such file. */
function readPrivate(path: string): { text: string; mode: number } | null {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    return { text: readFileSync(file, "utf8"), mode: fstatSync(file).mode & 0o777 };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw new CliError(EXIT.failed, `cannot read ${path}: ${fileProblem(path, error)}.`);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** The context of that name. @throws CliError (not found) if there is none */
export function contextNamed({ contexts }: Contexts, name: string): Context {
  const found = own(contexts, name);
  if (found !== undefined) return found;
  throw new CliError(
    EXIT.notFound,
    `there is no context ${name}.`,
    "`npx warmpool context list` lists them.",
  );
}

/** Puts these contexts in place of those that were there: a reader sees either the old file or the new one. */
export function writeContexts(env: NodeJS.ProcessEnv, contexts: Contexts): void {
  const path = contextsPath(env);
  if (path === null)
    throw new CliError(
      EXIT.failed,
      "there is no folder for contexts: neither HOME nor XDG_CONFIG_HOME is set.",
    );
  const draft = `${path}.${process.pid}`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(draft, `${JSON.stringify(contexts, null, 2)}\n`, { mode: 0o600, flag: "wx", flush: true });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new CliError(EXIT.failed, `cannot write ${path}: ${reason(error)}.`);
  }
}

/** The contexts with one more, or with another URL and token for a name. */
export function withContext({ current, contexts }: Contexts, name: string, context: Context): Contexts {
  return { current, contexts: { ...contexts, [name]: context } };
}

/** The contexts without one. The current one leaves none in its place. */
export function withoutContext({ current, contexts }: Contexts, name: string): Contexts {
  const kept = Object.entries(contexts).filter(([each]) => each !== name);
  return { current: current === name ? null : current, contexts: Object.fromEntries(kept) };
}

/** @throws CliError (wrong use) if it cannot be a context's name */
export function checkedName(name: string): string {
  const parsed = contextName.safeParse(name);
  if (parsed.success) return parsed.data;
  throw new CliError(
    EXIT.wrongUse,
    `"${name}" is no name for a context: it ${parsed.error.issues[0]?.message}.`,
  );
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
