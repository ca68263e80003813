import { poolSpec, type PoolSpec } from "../../contract/pool.ts";
import { mayDestroy } from "../session/destroy.ts";
import type { DestroyOptions } from "../session/destroy.ts";
import { checked, fieldIn, readJson } from "../inputs/jsonFile.ts";
import { answerInWords, inWords } from "../session/session.ts";
import type { Session } from "../session/session.ts";

/** The spec in the file. @throws CliError where it is none, by file and field */
export function readSpec(file: string): PoolSpec {
  return checked(poolSpec, readJson(file), (path) => fieldIn(file, path));
}

/** `warmpool pool plan FILE`: what a put would do. */
export async function plan(session: Session, file: string): Promise<void> {
  const told = await session.client.pool.plan.query(readSpec(file));
  answerInWords(session, told, (one) => [inWords(session, one.text)]);
}

/**
 * Says what a put is about to do, and asks where it takes machines away.
 * @returns whether to go on
 * @throws CliError where that was not agreed to; nothing is changed then
 */
export async function announce(session: Session, spec: PoolSpec, options: DestroyOptions): Promise<boolean> {
  const told = await session.client.pool.plan.query(spec);
  const text = inWords(session, told.text);
  if (told.remove.length > 0 || options.dryRun === true) {
    const agreed = await mayDestroy(session, options, { goes: async () => [text], bare: false });
    if (!agreed || options.yes !== true) return agreed;
  }
  session.out.note(text);
  return true;
}
