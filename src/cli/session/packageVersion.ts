import { readFileSync } from "node:fs";
import * as z from "zod";

/** This package's version, as its package.json says. */
export function packageVersion(): string {
  const text = readFileSync(new URL("../../../package.json", import.meta.url), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
