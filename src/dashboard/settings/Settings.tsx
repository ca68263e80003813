import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import { useAct } from "../parts/act.ts";
import { Card, Page } from "../parts/Layout.tsx";
import { Shown, Trouble } from "../parts/Trouble.tsx";
import { server } from "../server/client.ts";
import { queries } from "../server/queries.ts";
import { useReader } from "../shell/session.ts";
import { readDuration, writeDuration } from "../text/time.ts";
import { Checks } from "./Checks.tsx";
import { Recipes } from "./Recipes.tsx";
import { Tokens } from "./Tokens.tsx";

/** What belongs to the installation as a whole. */
export function Settings() {
  return (
    <Page title="Settings">
      <Checks />
      <Tokens />
      <Recipes />
      <Installation />
    </Page>
  );
}

/** What an operator tunes. */
function Installation() {
  const settings = useQuery(queries.settings());
  return (
    <Card title="Installation">
      <Shown of={settings}>
        {({ orphanKeepSeconds }) => <OrphanKeep key={orphanKeepSeconds} seconds={orphanKeepSeconds} />}
      </Shown>
    </Card>
  );
}

function OrphanKeep({ seconds }: { seconds: number }) {
  const [text, setText] = useState(writeDuration(seconds));
  const doing = useAct();
  const reader = useReader();
  const id = useId();
  const next = readDuration(text);
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (next === null) return;
        void doing.run(
          () => server.settings.put.mutate({ orphanKeepSeconds: next }),
          () => "The setting is changed.",
        );
      }}
    >
      <div className="field">
        <label htmlFor={id}>An orphan is kept, stopped, before it is deleted for</label>
        <div className="row">
          <input
            id={id}
            className="input"
            size={10}
            disabled={reader !== null}
            aria-invalid={next === null}
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
          <button
            type="submit"
            className="button"
            disabled={reader !== null || next === null || next === seconds || doing.busy}
            title={reader ?? undefined}
          >
            Save
          </button>
        </div>
        <span className="hint">0s deletes it as soon as it is stopped; 30d at most.</span>
      </div>
      <Trouble error={doing.error} />
    </form>
  );
}
