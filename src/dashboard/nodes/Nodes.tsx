import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useAct } from "../parts/act.ts";
import { Card, Page, Table } from "../parts/Layout.tsx";
import { Ago } from "../parts/Time.tsx";
import { Tone } from "../parts/Tone.tsx";
import { Empty, Shown, Trouble } from "../parts/Trouble.tsx";
import { server } from "../server/client.ts";
import { queries } from "../server/queries.ts";
import { useReader } from "../shell/session.ts";
import { plain } from "../text/foreign.ts";
import { EnrollDialog } from "./EnrollDialog.tsx";
import { NodeCard } from "./NodeCard.tsx";

/** The hosts on which machines run, and the duties that look after them. */
export function Nodes() {
  const nodes = useQuery(queries.nodes());
  const [isEnrolling, setEnrolling] = useState(false);
  const reader = useReader();
  const isThere = nodes.data !== undefined;
  useEffect(() => {
    // What the address names was not drawn yet when the browser looked for it.
    if (isThere && location.hash !== "")
      document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
  }, [isThere]);
  return (
    <Page
      title="Nodes"
      actions={
        <button
          type="button"
          className="button main"
          disabled={reader !== null}
          title={reader ?? undefined}
          onClick={() => setEnrolling(true)}
        >
          Enroll a node
        </button>
      }
    >
      <Shown of={nodes}>
        {(all) =>
          all.length === 0 ? (
            <Empty title="There is no node.">
              A node is a host with a relay, which creates the machines. Enroll one to get the two commands
              for it.
            </Empty>
          ) : (
            all.map((node) => <NodeCard key={node.name} node={node} />)
          )
        }
      </Shown>
      <Duties />
      {isEnrolling ? <EnrollDialog onClose={() => setEnrolling(false)} /> : null}
    </Page>
  );
}

/** The duties of the sweep: what each did last, and whether it is late. */
function Duties() {
  const duties = useQuery(queries.duties());
  const sweep = useAct();
  const reader = useReader();
  return (
    <div id="duties">
      <Card
        title="Duties of the sweep"
        plain
        side={
          <button
            type="button"
            className="button small"
            disabled={reader !== null || sweep.busy}
            title={reader ?? undefined}
            onClick={() =>
              void sweep.run(
                () => server.sweep.run.mutate(),
                () => "The sweep ran.",
              )
            }
          >
            {sweep.busy ? "Sweeping…" : "Sweep now"}
          </button>
        }
      >
        <Trouble error={sweep.error} />
        <Shown of={duties}>
          {(all) => (
            <Table label="Duties" head={[["Duty"], ["Last ended"], ["Outcome"]]}>
              {all.map(({ duty, lastEndAt, outcome, error, late }) => (
                <tr key={duty}>
                  <td>{duty}</td>
                  <td className="nowrap">
                    <Ago at={lastEndAt} />
                  </td>
                  <td>
                    <Tone tone={late || outcome === "failed" ? "bad" : outcome === null ? "warn" : "good"} />{" "}
                    {late ? "late" : (outcome ?? "never run")}
                    {error === null ? null : <span className="bad">: {plain(error)}</span>}
                  </td>
                </tr>
              ))}
            </Table>
          )}
        </Shown>
      </Card>
    </div>
  );
}
