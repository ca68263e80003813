import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";

const identity = z.looseObject({ installation: z.uuid() });

/**
 * The mark that the machines of `npm start` carry, from what its relay keeps. In which of its folders that is, is its own
 * affair and has changed before.
 * @throws Error if no relay has joined there, or relays of two installations
 */
export async function installationIn(stateDir: string): Promise<string> {
  const found = new Set<string>();
  for await (const file of glob("*/relay.json", { cwd: stateDir })) {
    found.add(identity.parse(JSON.parse(await readFile(join(stateDir, file), "utf8"))).installation);
  }
  const [installation, other] = found;
  if (installation === undefined) throw new Error(`no relay has joined in ${stateDir}`);
  if (other !== undefined) throw new Error(`relays of two installations keep their identity in ${stateDir}`);
  return installation;
}
