import { useQuery } from "@tanstack/react-query";
import type { Assignment } from "../../contract/assignment.ts";
import { queries } from "../server/queries.ts";
import { plain } from "../text/foreign.ts";
import { percentOf, type Step, stepsOf } from "../text/testers.ts";
import { roughly } from "../text/time.ts";

const SIGNS: Record<Step["state"], [sign: string, word: string]> = {
  done: ["✓", "done"],
  now: ["▸", "running"],
  failed: ["×", "failed"],
  later: ["·", "to come"],
};

/** A set-up step by step, while it runs and afterwards. */
export function Setup({ assignment }: { assignment: Assignment }) {
  const { setup, recipe, state } = assignment;
  const recipes = useQuery(queries.recipes()).data ?? [];
  if (setup === null) return null;
  // The titles of another version may be others.
  const known = recipes.find(({ name, version }) => name === recipe?.name && version === recipe.version);
  return (
    <>
      <Bar assignment={assignment} />
      <StepList steps={stepsOf(assignment, known?.steps ?? [])} now={setup.text ?? null} />
      {setup.attempt > 1 ? <p className="quiet">Try {setup.attempt}.</p> : null}
      {state === "setting_up" && setup.etaSeconds !== null ? (
        <p className="quiet">Done in {roughly(setup.etaSeconds)}.</p>
      ) : null}
    </>
  );
}

/** The whole of a set-up as one bar. */
export function Bar({ assignment }: { assignment: Pick<Assignment, "setup" | "state"> }) {
  const percent = Math.round(percentOf(assignment));
  return (
    <progress max={100} value={percent} aria-label="Progress of the set-up">
      {percent} %
    </progress>
  );
}

export function StepList({ steps, now }: { steps: Step[]; now: string | null }) {
  return (
    <ol className="steps">
      {steps.map(({ number, title, state }) => {
        const [sign, word] = SIGNS[state];
        return (
          <li key={number} className={state === "now" ? "now" : state === "later" ? "quiet" : ""}>
            <span aria-hidden="true" className={state === "failed" ? "bad" : state === "done" ? "good" : ""}>
              {sign}
            </span>
            <span>
              {plain(title)}
              {state === "now" && now !== null ? <span className="quiet"> {plain(now)}</span> : null}
            </span>
            <span className={state === "failed" ? "bad" : "quiet"}>{word}</span>
          </li>
        );
      })}
    </ol>
  );
}
