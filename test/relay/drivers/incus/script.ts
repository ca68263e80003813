import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

/** Seconds; an image is built in some minutes on a small machine. */
const SCRIPT_SECONDS = 20 * 60;

/** Runs one of the scripts that an operator has, and shows what it said. @throws with its error output where it fails */
export async function runScript(script: string, ...args: string[]): Promise<void> {
  const path = fileURLToPath(new URL(`../../../../scripts/${script}`, import.meta.url));
  const { stdout } = await promisify(execFile)("sh", [path, ...args], { timeout: SCRIPT_SECONDS * 1000 });
  process.stdout.write(stdout);
}
