import { useQuery } from "@tanstack/react-query";
import { useId, useState } from "react";
import type { SettingName } from "../../contract/settings.ts";
import { useAct } from "../parts/act.ts";
import { Card } from "../parts/Layout.tsx";
import { Shown, Trouble } from "../parts/Trouble.tsx";
import { server } from "../server/client.ts";
import { queries } from "../server/queries.ts";
import { useReader } from "../shell/session.ts";
import { readDuration, writeDuration } from "../text/time.ts";

type Field = { name: SettingName; label: string; hint: string };

const FIELDS: readonly Field[] = [
  {
    name: "orphanKeepSeconds",
    label: "An orphan is kept, stopped, before it is deleted for",
    hint: "0s deletes it as soon as it is stopped; 30d at most.",
  },
  {
    name: "extendCeilingSeconds",
    label: "An assignment can be extended to at most",
    hint: "From 1m to 366d, counted from when it became active.",
  },
  {
    name: "waitingTooLongSeconds",
    label: "The webhook reports testers who have waited for over",
    hint: "From 1s to 7d.",
  },
  {
    name: "eventRetentionDays",
    label: "Events and finished operations are kept for",
    hint: "Whole days, from 1d to 3660d.",
  },
  {
    name: "historyRetentionDays",
    label: "The samples for charts are kept for",
    hint: "Whole days, from 1d to 366d.",
  },
];

/** What an operator tunes for the whole installation. */
export function Tuned() {
  const settings = useQuery(queries.settings());
  return (
    <Card title="Installation">
      <Shown of={settings}>
        {(values) =>
          FIELDS.map((field) => (
            <Setting key={`${field.name} ${values[field.name]}`} field={field} value={values[field.name]} />
          ))
        }
      </Shown>
    </Card>
  );
}

function Setting({ field, value }: { field: Field; value: number }) {
  const { name, label, hint } = field;
  const unit = name.endsWith("Days") ? 86_400 : 1;
  const [text, setText] = useState(writeDuration(value * unit));
  const doing = useAct();
  const reader = useReader();
  const id = useId();
  const seconds = readDuration(text);
  const next = seconds === null || seconds % unit !== 0 ? null : seconds / unit;
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        if (next === null) return;
        void doing.run(
          () => server.settings.put.mutate({ [name]: next }),
          () => "The setting is changed.",
        );
      }}
    >
      <div className="field">
        <label htmlFor={id}>{label}</label>
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
            disabled={reader !== null || next === null || next === value || doing.busy}
            title={reader ?? undefined}
          >
            Save
          </button>
        </div>
        <span className="hint">{hint}</span>
      </div>
      <Trouble error={doing.error} />
    </form>
  );
}
