import { randomUUID } from "node:crypto";
import { open, unlink, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How a program that is given the file finds it; it opens the file anew, at its beginning. */
export const SCRATCH = "/dev/fd/3";

/**
 * A file without a name, to hand something to a program or take it from there: it is gone when this ends, and when
 * this is killed too, which matters where it holds a private key.
 */
export async function withScratch<T>(use: (file: FileHandle) => Promise<T>): Promise<T> {
  const path = join(tmpdir(), `warmpool-${randomUUID()}`);
  const file = await open(path, "wx+", 0o600);
  try {
    await unlink(path);
    return await use(file);
  } finally {
    await file.close();
  }
}
