import { type SQL, sql } from "drizzle-orm";
import { ACCOUNT_TITLE, OWN_STEPS } from "../../contract/progress.ts";
import { json } from "../core/event.ts";

/**
 * What a set-up shows before its relay has reported anything, as jsonb.
 * @param recipeSteps the number of the recipe's steps; testers see the account and the hand-over as steps too
 */
export function firstStep(recipeSteps: SQL): SQL {
  return sql`(${json(BEFORE_ALL)} || jsonb_build_object('steps', ${recipeSteps} + ${OWN_STEPS}::int))`;
}

/** The number of steps of the recipe that an assignment (a row of `assignments`) has. */
export const RECIPE_STEPS: SQL = sql`(select jsonb_array_length(content -> 'steps')
  from recipes where name = recipe and version = recipe_version)`;

const BEFORE_ALL = { step: 1, title: ACCOUNT_TITLE, percent: 0 };
