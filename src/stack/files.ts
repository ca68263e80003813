import { chmodSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import type { z } from "zod";

/** Replaces a file in one step, readable by its owner alone: a reader sees the old text or the new one, whole. */
export function writePrivate(path: string, text: string): void {
  const fresh = `${path}.new`;
  writeFileSync(fresh, text, { mode: 0o600 });
  chmodSync(fresh, 0o600);
  renameSync(fresh, path);
}

export function writePrivateJson(path: string, value: unknown): void {
  writePrivate(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** What the file holds, or null where there is none. @throws Error where it holds something else. */
export function readJson<T>(path: string, schema: z.ZodType<T>): T | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Error(`${path} is not a file that Warmpool wrote; move it away or use another --state-dir.`, {
      cause,
    });
  }
}
