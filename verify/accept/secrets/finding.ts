import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Planted } from "./planted.ts";

/** Where a planted text was found. */
export type Finding = { place: string; form: string };

/** What was looked through, in what it is counted in, and what was found there. */
export type Look = { what: string; findings: Finding[] };

/** Texts by the names of their places: rows, answers, events. */
export function lookThrough(planted: Planted, texts: readonly [place: string, text: string][]): Finding[] {
  return texts.flatMap(([place, text]) => lookAt(planted, place, Buffer.from(text)));
}

/** Every file below that folder, or that one file; links are not followed, what is being removed meanwhile is left out. */
export function lookThroughFiles(planted: Planted, path: string): Look {
  let files = 0;
  let bytes = 0;
  const findings: Finding[] = [];
  const read = (path: string) => {
    const content = orNothing(() => readFileSync(path));
    if (content === null) return;
    files += 1;
    bytes += content.length;
    findings.push(...lookAt(planted, path, content));
  };
  const enter = (path: string) => {
    for (const entry of orNothing(() => readdirSync(path, { withFileTypes: true })) ?? []) {
      if (entry.isDirectory()) enter(join(path, entry.name));
      if (entry.isFile()) read(join(path, entry.name));
    }
  };
  if (statSync(path).isDirectory()) enter(path);
  else read(path);
  return { what: `${files} files of ${sizeOf(bytes)}`, findings };
}

export function sizeOf(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1000)} kB` : `${Math.round(bytes / 1e6)} MB`;
}

/** @throws Error naming each place and the form it was found in. */
export function nothingFound(findings: readonly Finding[]): void {
  if (findings.length === 0) return;
  throw new Error(findings.map(({ place, form }) => `it stands ${form} in ${place}`).join("\n"));
}

function lookAt(planted: Planted, place: string, content: Buffer): Finding[] {
  const form = planted.in(content);
  return form === null ? [] : [{ place, form }];
}

/** Null for what has gone. Anything else that cannot be read would be a place that nobody has looked at. */
function orNothing<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    const isGone = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (isGone) return null;
    throw error;
  }
}
