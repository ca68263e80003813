import { useState } from "react";
import type { Assignment } from "../../contract/assignment.ts";
import { AskButton } from "../parts/Actions.tsx";
import { server } from "../server/client.ts";
import { useReader } from "../shell/session.ts";
import { ExtendDialog } from "./ExtendDialog.tsx";
import { LinkDialog } from "./LinkDialog.tsx";

/** What an operator does for a tester; each says why where it cannot be done. */
export function TesterActions({ assignment }: { assignment: Assignment }) {
  const { id, username, state, machine, recipe } = assignment;
  const [open, setOpen] = useState<"extend" | "link" | null>(null);
  const reader = useReader();
  const isOver = state === "released" ? "it is released" : null;
  const noExtend = reader ?? (state === "active" ? null : `it is ${state.replace("_", " ")}, not active`);
  const close = () => setOpen(null);
  const isOld = recipe !== undefined && recipe.version !== recipe.current;
  return (
    <>
      <button
        type="button"
        className="button"
        disabled={(reader ?? isOver) !== null}
        title={reader ?? isOver ?? "Create a link to the tester's own page"}
        onClick={() => setOpen("link")}
      >
        Tester’s link
      </button>
      <button
        type="button"
        className="button"
        disabled={noExtend !== null}
        title={noExtend ?? undefined}
        onClick={() => setOpen("extend")}
      >
        Extend
      </button>
      {state === "failed" ? (
        <AskButton
          className="main"
          question={{
            title: `Retry the set-up of ${username}`,
            body: (
              <p>
                The set-up runs again on {machine?.name ?? "the machine"}; steps that have succeeded are
                skipped.
                {isOld ? " It runs the version of the recipe that it started with." : ""}
              </p>
            ),
            verb: "Retry",
            act: () => server.assignment.retry.mutate({ id }),
            done: `The set-up of ${username} runs again.`,
          }}
        >
          Retry
        </AskButton>
      ) : null}
      {state === "failed" && isOld ? (
        <AskButton
          question={{
            title: `Retry with the current recipe`,
            body: (
              <p>The set-up of {username} runs again with the version of the recipe that was pushed last.</p>
            ),
            verb: "Retry with the current recipe",
            act: () => server.assignment.retry.mutate({ id, recipe: "current" }),
            done: `The set-up of ${username} runs again with the current recipe.`,
          }}
        >
          Retry, current recipe
        </AskButton>
      ) : null}
      <AskButton
        className="grave"
        refused={isOver}
        question={{
          title: `Release ${username}`,
          body: (
            <p>
              {machine === null ? (
                `${username} leaves the queue.`
              ) : (
                <>
                  {username} loses <code>{machine.name}</code>, which is deleted with everything on it.
                </>
              )}
            </p>
          ),
          verb: `Release ${username}`,
          grave: true,
          act: () => server.assignment.release.mutate({ id }),
          done: `${username} is released.`,
        }}
      >
        Release
      </AskButton>
      {open === "extend" ? <ExtendDialog assignment={assignment} onClose={close} /> : null}
      {open === "link" ? <LinkDialog username={username} pool={assignment.pool} onClose={close} /> : null}
    </>
  );
}
