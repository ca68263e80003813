import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { Link, useLocation } from "wouter";
import type { MachineView } from "../../contract/machine.ts";
import { ActionList } from "../parts/Actions.tsx";
import { Copy } from "../parts/Copy.tsx";
import { useKept } from "../parts/params.ts";
import { State } from "../parts/State.tsx";
import { Shown } from "../parts/Trouble.tsx";
import { queries } from "../server/queries.ts";
import { plain, sshCommand } from "../text/foreign.ts";
import { moreOf } from "../machines/List.tsx";
import { actionsOf } from "./actions.tsx";
import { MachineFacts } from "./MachineFacts.tsx";
import { Timeline } from "./Timeline.tsx";

/** One machine, beside the list of all: what it is, what may be done with it, and what has happened to it. */
export function Machine({ name }: { name: string }) {
  const machine = useQuery(queries.machine(name));
  const kept = useKept();
  const [, navigate] = useLocation();
  const back = kept("/machines");
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.key === "Escape" && document.querySelector("dialog[open]") === null) navigate(back);
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, [navigate, back]);
  return (
    <aside className="card panel" aria-label={`Machine ${name}`}>
      <header>
        <h2 className="mono">{name}</h2>
        <Link href={back} className="button small bare">
          Close
        </Link>
      </header>
      <Shown of={machine}>{(data) => <Whole machine={data} />}</Shown>
    </aside>
  );
}

function Whole({ machine }: { machine: MachineView }) {
  const timeline = useQuery(queries.timeline(machine.id));
  const { access, assignment, evidence, state } = machine;
  const command =
    access === null || state === "deleted"
      ? null
      : sshCommand({ ...access, user: assignment === null ? "root" : assignment.username });
  return (
    <>
      <div className="section">
        <div className="stack">
          <State state={machine.state} more={moreOf(machine)} />
          <MachineFacts machine={machine} />
          {command === null ? null : <Copy text={command} label="ssh command" />}
        </div>
      </div>
      {state === "deleted" ? null : (
        <div className="section">
          <h2>Actions</h2>
          <ActionList actions={actionsOf(machine)} />
        </div>
      )}
      {evidence === null ? null : <Evidence evidence={evidence} />}
      <div className="section">
        <h2>Timeline</h2>
        <Shown of={timeline}>{(entries) => <Timeline entries={entries} />}</Shown>
      </div>
    </>
  );
}

/** What a failed create left behind: causes and the tails of logs, as the machine wrote them. */
function Evidence({ evidence }: { evidence: Record<string, string> }) {
  return (
    <div className="section">
      <h2>Evidence of the failed create</h2>
      <div className="stack">
        {Object.entries(evidence).map(([name, text], at) => (
          <details key={name} open={at === 0}>
            <summary className="mono">{plain(name)}</summary>
            <pre className="text" tabIndex={0}>
              {plain(text)}
            </pre>
          </details>
        ))}
      </div>
    </div>
  );
}
