import { Link } from "wouter";
import type { EventView } from "../../contract/event.ts";
import { Table } from "../parts/Layout.tsx";
import { Clock } from "../parts/Time.tsx";
import { changeText } from "../text/events.ts";
import { plain } from "../text/foreign.ts";

export function EventTable({ events }: { events: readonly EventView[] }) {
  return (
    <div className="card">
      <Table
        label="Events"
        head={[["Time"], ["Kind"], ["About"], ["Change"], ["Reason"], ["Actor"], ["Details"]]}
      >
        {events.map((event) => (
          <tr key={event.id}>
            <td className="nowrap">
              <Clock at={event.at} />
            </td>
            <td>{event.kind}</td>
            <td>
              <About event={event} />
            </td>
            <td>{plain(changeText(event))}</td>
            <td>{event.reason}</td>
            <td className="nowrap">{plain(event.actor)}</td>
            <td>
              <Details event={event} />
            </td>
          </tr>
        ))}
      </Table>
    </div>
  );
}

/** What it is about, each part with its page. */
function About({ event: { machineName, machine, username, assignment, pool, node } }: { event: EventView }) {
  return (
    <span className="row">
      {machine === null ? null : (
        <Link className="mono" href={`/machines/${encodeURIComponent(machineName ?? machine)}`}>
          {machineName ?? machine}
        </Link>
      )}
      {assignment === null ? null : <Link href={`/testers/${assignment}`}>{username ?? "tester"}</Link>}
      {machine !== null || pool === null ? null : <Link href={`/pools/${pool}`}>{pool}</Link>}
      {machine !== null || node === null ? null : (
        <Link href={`/nodes#${encodeURIComponent(node)}`}>{node}</Link>
      )}
    </span>
  );
}

function Details({ event: { id, before, after, data, operation } }: { event: EventView }) {
  const rest = {
    ...(typeof before === "object" && before !== null ? { before } : {}),
    ...(typeof after === "object" && after !== null ? { after } : {}),
    ...(data === null ? {} : { data }),
    ...(operation === null ? {} : { operation }),
  };
  if (Object.keys(rest).length === 0) return <span className="quiet">{id}</span>;
  return (
    <details>
      <summary>{id}</summary>
      <pre className="text" tabIndex={0}>
        {plain(JSON.stringify(rest, null, 2))}
      </pre>
    </details>
  );
}
