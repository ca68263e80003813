import { posix } from "node:path";
import { type Breach, lineOf } from "../../scripts/walls/breach.ts";
import { crossings } from "../../scripts/walls/crossings.ts";
import { importsOf } from "../../scripts/walls/imports.ts";
import { TABLE } from "../../scripts/walls/table.ts";

const DEVELOPMENT = new Set(["vitest", "@cloudflare/vite"]);

/** `file:line: rule` of what a file would cross. */
export function crossingsIn(file: string, source: string): string[] {
  return crossings([{ file, imports: importsOf(file, source) }], TABLE, DEVELOPMENT).map(ruleOf);
}

/** The line of a report without its explanation. */
export function ruleOf(breach: Breach): string {
  return lineOf({ ...breach, text: "" }).replace(" ()", "");
}

/** A file in a room: the room itself if it is a file. */
export function fileIn(room: string): string {
  return /\.[jt]s$/.test(room) ? room : `${room}/planted/deep.ts`;
}

/** How a file of one room names a file of another. */
export function pathBetween(from: string, to: string): string {
  return `./${posix.relative(posix.dirname(fileIn(from)), fileIn(to))}`;
}
