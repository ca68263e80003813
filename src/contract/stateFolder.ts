import { own } from "./own.ts";

/** The folder in which `npm start` keeps the local Warmpool and the command line finds it. */
export const DEFAULT_STATE_DIR = ".warmpool";

/** The given folder, else WARMPOOL_STATE_DIR, else the default. */
export function stateFolderOf(
  given: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): string {
  return given ?? (own(env, "WARMPOOL_STATE_DIR") || DEFAULT_STATE_DIR);
}
