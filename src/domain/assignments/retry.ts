import { sql } from "drizzle-orm";
import type { Assignment } from "../../contract/assignment.ts";
import type { Db } from "../../db/client.ts";
import { WarmpoolError } from "../core/errors.ts";
import { firstStep, RECIPE_STEPS } from "./firstStep.ts";
import { queueSetup } from "./keys.ts";
import { lockWork } from "../core/locks.ts";
import type { Actor } from "../core/reasons.ts";
import { getAssignment } from "./release.ts";
import { rerunFor } from "./rerun.ts";
import { NO_SECRET_KEYS, type SecretKeys } from "../secrets/keys.ts";
import { json } from "../core/event.ts";
import { moveAssignments } from "../core/moves.ts";
import { byNobody, change } from "../core/change.ts";

/**
 * Sets a failed assignment up again, on the same machine and with the keys it has now: the steps that are done are
 * skipped there. Where other work is on the machine, the set-up follows it (`queueSetupIfDue`).
 * @param recipe `same`: the version that the assignment began with; `current`: the one pushed last, from now on
 * @param params other values for some of its parameters; the others stay
 * @throws WarmpoolError NOT_FOUND; CONFLICT where the assignment has not failed, or its parameters do not fit the
 * current version; BAD_REQUEST where `params` do not fit its own.
 */
export async function retryAssignment(
  db: Db,
  id: string,
  actor: Actor,
  recipe: "same" | "current" = "same",
  keys: SecretKeys = NO_SECRET_KEYS,
  params: Record<string, string> = {},
): Promise<Assignment> {
  const given = Object.keys(params);
  // A set-up that runs again changes nothing that others wait for.
  const retried = await change(db, actor, byNobody, async (tx) => {
    await lockWork(tx, sql`select machine from assignments where id = ${id}`);
    const isOther = recipe === "current" || given.length > 0;
    const rerun = isOther ? await rerunFor(tx, id, keys, { recipe, params }) : null;
    const begin = sql`attempt = attempt + 1, setup_at = now(), error = null`;
    const moved = await moveAssignments(tx, sql`select ${id}::uuid`, {
      to: "setting_up",
      from: ["failed"],
      actor,
      reason: "retried",
      ...(rerun === null
        ? {}
        : { data: { recipe: rerun.version, ...(given.length === 0 ? {} : { params: given }) } }),
      set:
        rerun === null
          ? sql`${begin}, step = ${firstStep(RECIPE_STEPS)}`
          : sql`${begin}, step = ${firstStep(sql`${rerun.recipeSteps}::int`)}, recipe_version = ${rerun.version},
              params = ${json(rerun.params)}, secrets = ${json(rerun.secrets)}, secret_marks = ${json(rerun.marks)}`,
    });
    if (moved.length > 0) await queueSetup(tx, id);
    return moved.length > 0;
  });
  const assignment = await getAssignment(db, id);
  if (retried) return assignment;
  throw new WarmpoolError(
    "CONFLICT",
    `the assignment of ${assignment.username} is ${assignment.state}, not failed; only a failed one can be retried`,
  );
}
