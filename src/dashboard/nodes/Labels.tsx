import { useState } from "react";
import type { NodeView } from "../../contract/node.ts";
import { useAct } from "../parts/act.ts";
import { Trouble } from "../parts/Trouble.tsx";
import { server } from "../server/client.ts";
import { useReader } from "../shell/session.ts";

/** What an operator says of a node, changed in place. */
export function Labels({ node: { name, labels } }: { node: NodeView }) {
  const [text, setText] = useState<string | null>(null);
  const doing = useAct();
  const reader = useReader();
  if (text === null)
    return (
      <span className="row">
        {labels.length === 0 ? (
          <span className="quiet">none</span>
        ) : (
          labels.map((label) => <code key={label}>{label}</code>)
        )}
        {reader === null ? (
          <button
            type="button"
            className="button small bare"
            aria-label={`Change the labels of ${name}`}
            onClick={() => setText(labels.join(" "))}
          >
            Change
          </button>
        ) : null}
      </span>
    );
  const save = async () => {
    const next = text.split(/[\s,]+/).filter((label) => label !== "");
    const went = await doing.run(
      () => server.node.label.mutate({ name, labels: next }),
      () => `The labels of ${name} are changed.`,
    );
    if (went) setText(null);
  };
  return (
    <form
      className="stack tight"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <span className="row">
        <input
          className="input mono"
          aria-label={`Labels of ${name}, separated by spaces`}
          placeholder="ssd rack-2"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit" className="button small" disabled={doing.busy}>
          Save
        </button>
        <button type="button" className="button small bare" onClick={() => setText(null)}>
          Cancel
        </button>
      </span>
      <Trouble error={doing.error} />
    </form>
  );
}
