import type { NodeView } from "../../contract/node.ts";
import { AskButton } from "../parts/Actions.tsx";
import { Table } from "../parts/Layout.tsx";
import { Ago } from "../parts/Time.tsx";
import { server } from "../server/client.ts";
import { plain } from "../text/foreign.ts";
import { count, list } from "../text/words.ts";

type Orphan = NodeView["orphans"][number];

/** Machines with our mark that no row knows, by name, with what becomes of each. */
export function Orphans({ node: { name, orphans, orphanBrake } }: { node: NodeView }) {
  const mayGo = orphans.filter(({ confirmedBy, waits }) => confirmedBy === null && waits !== "copy");
  return (
    <div className="stack tight">
      <h3>Orphans</h3>
      {orphanBrake === null ? null : (
        <p className="note warn">
          {orphanBrake.reason === "several"
            ? `${count(orphanBrake.count, "machine")} unknown to the database appeared at once, so none is torn down until you confirm it.`
            : `The database is an older copy: the relay has seen machine ${orphanBrake.seen}, but the database only knew numbers up to ${orphanBrake.known}. No unknown machine is torn down.`}
        </p>
      )}
      {orphans.length === 0 ? null : (
        <Table label={`Orphans of ${name}`} head={[["Machine"], ["Seen since"], ["What happens to it"]]}>
          {orphans.map((orphan) => (
            <tr key={orphan.name}>
              <td className="mono">{plain(orphan.name)}</td>
              <td className="nowrap">
                <Ago at={orphan.since} />
              </td>
              <td>{fateOf(orphan)}</td>
            </tr>
          ))}
        </Table>
      )}
      {mayGo.length === 0 ? null : (
        <div className="row">
          <AskButton
            className="grave"
            question={{
              title: `Reap the orphans of ${name}`,
              body: (
                <p>
                  These are stopped and deleted with everything on them:{" "}
                  <code>
                    {plain(
                      list(
                        mayGo.map((each) => each.name),
                        20,
                      ),
                    )}
                  </code>
                </p>
              ),
              verb: `Reap ${count(mayGo.length, "machine")}`,
              grave: true,
              asksNote: true,
              act: (note) =>
                server.node.reap.mutate({
                  name,
                  machines: mayGo.map((each) => each.name).slice(0, 500),
                  ...(note === undefined ? {} : { note }),
                }),
              done: `The orphans of ${name} are being reaped.`,
            }}
          >
            Reap
          </AskButton>
        </div>
      )}
    </div>
  );
}

function fateOf({ confirmedBy, waits, of, username }: Orphan): string {
  if (confirmedBy !== null) return `goes: ${confirmedBy} said so`;
  switch (waits) {
    case null:
      return "is stopped when it is seen again, kept for a while, and then deleted";
    case "copy":
      return `a copy of ${of ?? "another machine"}${username === null ? "" : `, which was ${username}’s`}; only a person can remove it`;
    case "had_tester":
      return `was the machine of ${username ?? "a tester"}; kept until you decide`;
    case "vanished":
      return "appeared while a machine of this node was missing; kept until you decide";
    case "never_given":
      return "carries this installation's mark but was never created here; kept until you decide";
    case "unmarked":
      return "its mark names no machine; kept until you decide";
    case "given_up":
      return "was forgotten and is still there; kept until you decide";
  }
}
