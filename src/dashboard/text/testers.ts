import type { Assignment, AssignmentState } from "../../contract/assignment.ts";

/** Testers in the order in which an operator looks for them. Pure. */
const ORDER: Record<AssignmentState, number> = {
  failed: 0,
  waiting: 1,
  setting_up: 2,
  active: 3,
  released: 4,
};

/** Failed ones first, then the line by place, then the newest of each state. */
export function inOrder(testers: readonly Assignment[]): Assignment[] {
  return testers.toSorted(
    (one, other) =>
      ORDER[one.state] - ORDER[other.state] ||
      (one.queue?.position ?? 0) - (other.queue?.position ?? 0) ||
      other.createdAt.localeCompare(one.createdAt),
  );
}

/** One step of a set-up as a list shows it. */
export type Step = { number: number; title: string; state: "done" | "now" | "failed" | "later" };

/**
 * Every step of a set-up with titles where they are known: the recipe's, and the present one's own. A set-up makes the account
 * before the recipe's steps and checks the machine after them.
 */
export function stepsOf(
  { setup, state }: Pick<Assignment, "setup" | "state">,
  recipeSteps: readonly { title: string }[],
): Step[] {
  if (setup === null) return [];
  const titles = recipeSteps.map(({ title }) => title);
  const around = ["Account", ...titles, "Done"];
  const known = [titles, around].find(({ length }) => length === setup.steps) ?? [];
  return Array.from({ length: setup.steps }, (_, index) => {
    const number = index + 1;
    const title = number === setup.step ? setup.title : (known[index] ?? `Step ${number}`);
    return { number, title, state: stateOf(number, setup.step, state) };
  });
}

function stateOf(number: number, at: number, state: AssignmentState): Step["state"] {
  if (state === "active" || state === "released" || number < at) return "done";
  if (number > at) return "later";
  return state === "failed" ? "failed" : "now";
}

/** How far a whole set-up is, in percent: steps that are done and the share of the present one. */
export function percentOf({ setup, state }: Pick<Assignment, "setup" | "state">): number {
  if (state === "active" || state === "released") return 100;
  if (setup === null) return 0;
  return Math.min(100, ((setup.step - 1 + setup.percent / 100) / Math.max(1, setup.steps)) * 100);
}
