import { ACCOUNT_TITLE, OWN_STEPS } from "../../contract/progress.ts";

/** What a set-up shows before its relay has reported anything. The number of steps is added to it. */
export const FIRST_STEP = { step: 1, title: ACCOUNT_TITLE, percent: 0 };

/** The number of steps as testers see it, from the number of the recipe's: the account and the hand-over are steps too. */
export function stepsOf(recipeSteps: number): number {
  return recipeSteps + OWN_STEPS;
}
