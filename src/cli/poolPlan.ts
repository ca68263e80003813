import type { PoolChangePlan } from "../contract/plan.ts";
import { poolSpec, type PoolSpec } from "../contract/pool.ts";
import { CliError, EXIT } from "./exit.ts";
import { checked, fieldName, readJson } from "./jsonFile.ts";
import { answer } from "./session.ts";
import type { Session } from "./session.ts";
import { wrap } from "./text.ts";

/** The spec in the file. @throws CliError where it is none, by file and field */
export function readSpec(file: string): PoolSpec {
  return checked(poolSpec, readJson(file), (path) => `${file}: ${fieldName(path)}`);
}

/** `warmpool pool plan FILE`: what a put would do. */
export async function plan(session: Session, file: string): Promise<void> {
  const told = await session.client.pool.plan.query(readSpec(file));
  answer(session, told, (one) => wrap(one.text, session.out.columns));
}

/**
 * Says what a put is about to do, and stops one that takes machines away unless it was agreed to.
 * @throws CliError where machines would be removed and `isAgreed` is false; nothing is changed then
 */
export async function announce(session: Session, spec: PoolSpec, isAgreed: boolean): Promise<PoolChangePlan> {
  const told = await session.client.pool.plan.query(spec);
  if (told.remove.length > 0 && !isAgreed) {
    throw new CliError(EXIT.conflict, `nothing is changed yet. ${told.text}`, "Add --yes to do it.");
  }
  session.out.note(told.text);
  return told;
}
