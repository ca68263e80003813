import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "../../../helpers/temporaryFolder.ts";

/** A driver program of a few lines of shell, in a folder of its own; `$1` is the command. */
export type Script = AsyncDisposable & { path: string; folder: string };

export async function script(body: string): Promise<Script> {
  const folder = await temporaryFolder();
  const path = join(folder.path, "driver");
  await writeFile(path, `#!/bin/sh\nfolder='${folder.path}'\n${body}\n`, { mode: 0o755 });
  return { path, folder: folder.path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}
