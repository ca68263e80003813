import { readFileSync } from "node:fs";
import { own } from "../../contract/own.ts";
import { join } from "node:path";
import * as z from "zod";
import { recordOf } from "../../contract/record.ts";
import { CliError, EXIT } from "../terminal/exit.ts";

/**
 * Which Warmpool to talk to, and as whom: options, then environment, then the local stack's own file.
 * Invariant: the local stack's admin token goes to the local stack only, never to a URL that was given.
 */

export type TargetOptions = { url?: string; token?: string; stateDir: string };
export type Target = { url: string; token: string };

const localFile = z.object({
  url: z.string(),
  adminToken: z.string(),
  databaseUrl: z.string(),
  /** Null while the part is being started again. */
  pids: recordOf(z.string(), z.int().nullable()).default({}),
});
export type LocalFile = z.infer<typeof localFile>;

/** @throws CliError where no URL or no token is to be found; the hint says where they may come from. */
export function targetOf(options: TargetOptions, env: NodeJS.ProcessEnv): Target {
  const url = withoutSlash(options.url ?? given(env, "WARMPOOL_URL"));
  const token = options.token ?? given(env, "WARMPOOL_TOKEN");
  if (url !== undefined && token !== undefined) return { url, token };
  const local = readLocal(options.stateDir);
  if (local === null && url === undefined) {
    throw new CliError(
      EXIT.failed,
      `no Warmpool found: no --url, no WARMPOOL_URL and no file ${fileOf(options.stateDir)}.`,
      "Start one here with npm start, or give --url and WARMPOOL_TOKEN.",
    );
  }
  if (local === null || (url !== undefined && url !== withoutSlash(local.url))) {
    throw new CliError(
      EXIT.failed,
      `there is no token for ${url}.`,
      "Give it in WARMPOOL_TOKEN or with --token.",
    );
  }
  return { url: url ?? local.url, token: token ?? local.adminToken };
}

/** What the local stack wrote about itself, or null where there is no such file. */
export function readLocal(stateDir: string): LocalFile | null {
  const file = fileOf(stateDir);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.failed, `cannot read ${file}: ${why}`, "Use another folder with --state-dir.");
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
