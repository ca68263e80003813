import { fileURLToPath } from "node:url";

const ROOT = new URL("../../", import.meta.url);

/**
 * Arguments for Node to run a program of the checkout as a user does: built once for all that start it.
 * @param source path in the checkout, such as `src/server.ts`
 */
export function ownProgram(source: string): string[] {
  return ["bin/run.js", source].map((path) => fileURLToPath(new URL(path, ROOT)));
}
