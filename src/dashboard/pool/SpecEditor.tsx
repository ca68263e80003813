import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import type { PoolChangePlan } from "../../contract/plan.ts";
import type { PoolView } from "../../contract/pool.ts";
import { Choice } from "../machines/Filters.tsx";
import { useAct } from "../parts/act.ts";
import { Card } from "../parts/Layout.tsx";
import { Trouble } from "../parts/Trouble.tsx";
import { server } from "../server/client.ts";
import { queries } from "../server/queries.ts";
import { useReader } from "../shell/session.ts";
import { readSpec, type SpecDraft, specText, startingSpec } from "../text/spec.ts";
import { Plan } from "./Plan.tsx";
import { SpecForm } from "./SpecForm.tsx";

/**
 * What a pool should be, as a form or as JSON. A change is planned first: only what was planned as it stands can be put.
 */
export function SpecEditor({ pool }: { pool: PoolView | null }) {
  const recipes = useQuery(queries.recipes()).data ?? [];
  const before = pool === null ? null : specText(pool.spec);
  const [view, setView] = useState("form");
  const [text, setText] = useState(before ?? specText(startingSpec(recipes[0]?.name)));
  const [planned, setPlanned] = useState<{ text: string; plan: PoolChangePlan } | null>(null);
  const planning = useAct();
  const putting = useAct();
  const reader = useReader();
  const [, navigate] = useLocation();
  const draft = readSpec(text);
  const isChanged = text !== before;
  const change = (next: SpecDraft) => setText(specText(next));
  const plan = () =>
    planning.run(async () => {
      if ("problem" in draft) return;
      setPlanned({ text, plan: await server.pool.plan.query(draft.spec) });
    });
  const put = async () => {
    if ("problem" in draft) return;
    const { spec } = draft;
    const went = await putting.run(
      () => server.pool.put.mutate(spec),
      ({ name }) => `Pool ${name} is put.`,
    );
    if (!went) return;
    setPlanned(null);
    if (pool === null) navigate(`/pools/${spec.name}`);
  };
  return (
    <Card
      title="Spec"
      side={
        <Choice
          label="Show the spec as"
          value={view}
          set={setView}
          of={[
            ["form", "Form"],
            ["json", "JSON"],
          ]}
        />
      }
    >
      {view === "json" || "problem" in draft ? (
        <textarea
          className="input mono"
          aria-label="Spec as JSON"
          rows={Math.min(30, text.split("\n").length + 1)}
          spellCheck={false}
          readOnly={reader !== null}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
      ) : (
        <SpecForm spec={draft.spec} recipes={recipes} isNew={pool === null} change={change} />
      )}
      {"problem" in draft ? (
        <p className="note bad" role="alert">
          {draft.problem}
        </p>
      ) : null}
      <div className="row end">
        {isChanged && before !== null ? (
          <button
            type="button"
            className="button"
            onClick={() => {
              setText(before);
              setPlanned(null);
            }}
          >
            Discard the changes
          </button>
        ) : null}
        <button
          type="button"
          className="button main"
          disabled={!isChanged || "problem" in draft || planning.busy || reader !== null}
          title={reader ?? (isChanged ? undefined : "Nothing is changed")}
          onClick={() => void plan()}
        >
          {planning.busy ? "Planning…" : "Plan the change"}
        </button>
      </div>
      <Trouble error={planning.error} />
      {planned === null || "problem" in draft ? null : planned.text === text ? (
        <Plan plan={planned.plan} before={before} after={text} busy={putting.busy} put={() => void put()} />
      ) : (
        <p className="note warn">
          The spec has changed since it was planned. Plan it again before you put it.
        </p>
      )}
      <Trouble error={putting.error} />
    </Card>
  );
}
