import { readFileSync } from "node:fs";
import { own } from "../../contract/own.ts";
import { join } from "node:path";
import * as z from "zod";
import { recordOf } from "../../contract/record.ts";
import { stateFolderOf } from "../../contract/stateFolder.ts";
import { fileProblem } from "../terminal/fileProblem.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import { contextNamed, readContexts } from "./contexts.ts";

/**
 * Which Warmpool to talk to, and as whom: options, then the environment, then the context in use, then the local
 * stack's own file. Invariant: the token of a context or of the local stack goes to its own URL only, never to one that
 * was given.
 */

export type TargetOptions = { url?: string; token?: string; context?: string; stateDir?: string };
export type Target = { url: string; token: string };

const localFile = z.object({
  url: z.string(),
  adminToken: z.string(),
  databaseUrl: z.string(),
  /** Null while the part is being started again. */
  pids: recordOf(z.string(), z.int().nullable()).default({}),
});
export type LocalFile = z.infer<typeof localFile>;

/**
 * One place that a target may come from. The token of one that is `bound` goes to its own URL only, never to one that
 * was named elsewhere.
 */
type Source = { url?: string | undefined; token?: string | undefined; bound: boolean };

/** @throws CliError if no URL or no token is found; the hint says where they may come from */
export function targetOf(options: TargetOptions, env: NodeJS.ProcessEnv): Target {
  const stateDir = stateFolderOf(options.stateDir, env);
  let url: string | undefined;
  let token: string | undefined;
  for (const source of sources(options, stateDir, env)) {
    url ??= withoutSlash(source.url);
    if (!source.bound || withoutSlash(source.url) === url) token ??= source.token;
    if (url !== undefined && token !== undefined) return { url, token };
  }
  if (url === undefined) {
    throw new CliError(
      EXIT.failed,
      `no Warmpool found: no --url, no WARMPOOL_URL, no context in use and no file ${fileOf(stateDir)}.`,
      "Start one here with npm start, or give --url and WARMPOOL_TOKEN.",
    );
  }
  throw new CliError(
    EXIT.failed,
    `there is no token for ${url}.`,
    "Give it in WARMPOOL_TOKEN or with --token.",
  );
}

/** In the order in which they count. Each is read only if those before it left something open. */
function* sources(options: TargetOptions, stateDir: string, env: NodeJS.ProcessEnv): Generator<Source> {
  yield { url: options.url, token: options.token, bound: false };
  if (options.context !== undefined) yield fromContext(env, options.context);
  yield { url: given(env, "WARMPOOL_URL"), token: given(env, "WARMPOOL_TOKEN"), bound: false };
  const name = given(env, "WARMPOOL_CONTEXT") ?? readContexts(env).current;
  if (name !== null) yield fromContext(env, name);
  const local = readLocal(stateDir);
  if (local !== null) yield { url: local.url, token: local.adminToken, bound: true };
}

function fromContext(env: NodeJS.ProcessEnv, name: string): Source {
  return { ...contextNamed(readContexts(env), name), bound: true };
}

/** What the local stack wrote about itself, or null where there is no such file. */
export function readLocal(stateDir: string): LocalFile | null {
  const file = fileOf(stateDir);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw new CliError(
      EXIT.failed,
      `cannot read ${file}: ${fileProblem(file, error)}.`,
      "Use another folder with --state-dir or WARMPOOL_STATE_DIR.",
    );
  }
  const parsed = localFile.safeParse(jsonOrNull(text));
  if (parsed.success) return parsed.data;
  throw new CliError(
    EXIT.failed,
    `${file} was not written by npm start.`,
    "Start Warmpool again with npm start.",
  );
}

function fileOf(stateDir: string): string {
  return join(stateDir, "local.json");
}

function given(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return own(env, name) || undefined;
}

function withoutSlash(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  let end = url.length;
  while (url[end - 1] === "/") end -= 1;
  return url.slice(0, end);
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
