import { memo } from "react";
import { Link } from "wouter";
import type { MachineView } from "../../contract/machine.ts";
import { Table } from "../parts/Layout.tsx";
import { useParam, useKept } from "../parts/params.ts";
import { State } from "../parts/State.tsx";
import { Ago } from "../parts/Time.tsx";
import { plain } from "../text/foreign.ts";

/** So many rows are drawn at once; more on demand, so that thousands stay quick. */
const STEP = 200;

export function List({ machines, open }: { machines: readonly MachineView[]; open: string | null }) {
  const [rows, setRows] = useParam("rows", String(STEP));
  const query = useKept()("");
  const most = Math.max(STEP, Number(rows) || STEP);
  return (
    <div className="card">
      <Table
        label="Machines"
        head={[["Machine"], ["State"], ["Tester"], ["Pool"], ["Node"], ["Address"], ["Last probe"], ["Made"]]}
      >
        {machines.slice(0, most).map((machine) => (
          <Row key={machine.id} machine={machine} isOpen={machine.name === open} query={query} />
        ))}
      </Table>
      {machines.length > most ? (
        <p className="empty">
          <button type="button" className="button" onClick={() => setRows(String(most + STEP))}>
            Show {Math.min(STEP, machines.length - most)} more of {machines.length}
          </button>
        </p>
      ) : null}
    </div>
  );
}

/** Few of thousands change at a time: a row is drawn again only if its machine is another object. */
const Row = memo(function Row({
  machine,
  isOpen,
  query,
}: {
  machine: MachineView;
  isOpen: boolean;
  query: string;
}) {
  return (
    <tr className={isOpen ? "open" : undefined}>
      <td>
        <Link href={`/machines/${encodeURIComponent(machine.name)}${query}`} className="mono">
          {machine.name}
        </Link>
      </td>
      <td>
        <State state={machine.state} more={moreOf(machine)} />
      </td>
      <td>
        {machine.assignment === null ? null : (
          <Link href={`/testers/${machine.assignment.id}`}>{machine.assignment.username}</Link>
        )}
      </td>
      <td>{machine.pool ?? <span className="quiet">none</span>}</td>
      <td>{machine.node}</td>
      <td className="mono nowrap">
        {machine.access === null ? null : `${machine.access.host}:${machine.access.port}`}
      </td>
      <td className="nowrap">
        {machine.lastProbe === null ? null : (
          <span title={machine.lastProbe.cause === null ? undefined : plain(machine.lastProbe.cause)}>
            {machine.lastProbe.answer} <Ago at={machine.lastProbe.at} />
          </span>
        )}
      </td>
      <td className="nowrap">
        <Ago at={machine.createdAt} />
      </td>
    </tr>
  );
});

/** What qualifies the state: the phase of a create, a cut access, an earlier spec. */
export function moreOf({ phase, state, stale, cut }: MachineView): string | null {
  const words = [
    state === "provisioning" ? phase : null,
    cut === null ? null : "access cut",
    stale ? "stale" : null,
  ].filter((word) => word !== null);
  return words.length === 0 ? null : words.join(", ");
}
