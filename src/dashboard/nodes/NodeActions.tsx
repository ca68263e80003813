import type { NodeView } from "../../contract/node.ts";
import { AskButton } from "../parts/Actions.tsx";
import { server } from "../server/client.ts";
import { count } from "../text/words.ts";

/** What can be done with a node. */
export function NodeActions({ node }: { node: NodeView }) {
  const { name, scheduling, brake, machines, state } = node;
  return (
    <div className="row">
      {scheduling === "open" ? (
        <AskButton
          question={{
            title: `Drain ${name}`,
            body: (
              <p>
                No more machines are created on {name}, and its ready machines are replaced with ones on other
                nodes. Assigned machines stay until they are released.
              </p>
            ),
            verb: "Drain",
            act: () => server.node.drain.mutate({ name }),
            done: `${name} is draining.`,
          }}
        >
          Drain
        </AskButton>
      ) : (
        <AskButton
          question={{
            title: `Open ${name} again`,
            body: <p>Machines are created on {name} again.</p>,
            verb: "Open",
            act: () => server.node.resume.mutate({ name }),
            done: `${name} is open.`,
          }}
        >
          Open again
        </AskButton>
      )}
      {brake !== null && brake.releasedAt === null ? (
        <AskButton
          className="grave"
          question={{
            title: `Lift the brake of ${name}`,
            body: (
              <p>
                The machines of {name} that do not answer are torn down. Do this only if they really are dead,
                and not cut off by the network.
              </p>
            ),
            verb: "Lift the brake",
            grave: true,
            asksNote: true,
            act: (note) => server.node.lift.mutate({ name, ...(note === undefined ? {} : { note }) }),
            done: `The brake of ${name} is lifted.`,
          }}
        >
          Lift the brake
        </AskButton>
      ) : null}
      <AskButton
        className="grave"
        refused={
          machines > 0 && state !== "silent" && state !== "enrolled"
            ? `it has ${count(machines, "machine")}; drain it first`
            : null
        }
        question={{
          title: `Remove ${name}`,
          body:
            machines === 0 ? (
              <p>{name} is removed. The credential of its relay is revoked.</p>
            ) : (
              <p className="note bad">
                {name} has {count(machines, "machine")}. They are forgotten without proof that they are gone,
                and their testers are released. Do this only if the host is lost for good.
              </p>
            ),
          verb: machines === 0 ? "Remove" : "Remove as lost",
          grave: true,
          typed: name,
          act: () => server.node.remove.mutate({ name, lost: machines > 0 }),
          done: `${name} is removed.`,
        }}
      >
        Remove
      </AskButton>
    </div>
  );
}
