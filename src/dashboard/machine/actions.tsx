import type { MachineView } from "../../contract/machine.ts";
import type { Action } from "../parts/Actions.tsx";
import { server } from "../server/client.ts";

/** What may be done with a machine, each with what it does, why it is refused, and what it asks first. */
export function actionsOf(machine: MachineView): Action[] {
  const { id, name, can, assignment, cut } = machine;
  const whose = assignment === null ? "" : ` ${assignment.username} has it.`;
  const input = { id };
  const noted = (note: string | undefined) => ({ id, ...(note === undefined ? {} : { note }) });
  const held = machine.state === "held";
  return [
    held
      ? {
          name: "Unhold",
          does: "Return it to the pool",
          refused: can.unhold ?? null,
          question: {
            title: `Unhold ${name}`,
            body: (
              <p>{name} goes back to what it was for: it is checked, or torn down if it is not needed.</p>
            ),
            verb: "Unhold",
            act: () => server.machine.unhold.mutate(input),
            done: `${name} is no longer held.`,
          },
        }
      : {
          name: "Hold",
          does: "Keep it for inspection: it is not assigned and not removed",
          refused: can.hold ?? null,
          question: {
            title: `Hold ${name}`,
            body: <p>{name} is kept as it is until you unhold it. It counts towards the pool's maximum.</p>,
            verb: "Hold",
            asksNote: true,
            act: (note) => server.machine.hold.mutate(noted(note)),
            done: `${name} is held.`,
          },
        },
    {
      name: "Restart",
      does: "Stop and start it on its node; its disk stays",
      refused: can.restart ?? null,
      question: {
        title: `Restart ${name}`,
        body: (
          <p>
            {name} is stopped and started again.{whose} Whoever is logged in loses the connection.
          </p>
        ),
        verb: "Restart",
        act: () => server.machine.restart.mutate(input),
        done: `${name} is being restarted.`,
      },
    },
    recreate(machine),
    cut === null
      ? {
          name: "Cut access",
          does: "Stop it from outside and keep its data",
          refused: can.cut ?? null,
          question: {
            title: `Cut the access to ${name}`,
            body: (
              <p>
                {name} is stopped, and stays stopped until somebody restores the access.{whose} Its data is
                kept.
              </p>
            ),
            verb: "Cut access",
            grave: true,
            asksNote: true,
            act: (note) => server.machine.cut.mutate(noted(note)),
            done: `The access to ${name} is being cut.`,
          },
        }
      : {
          name: "Restore",
          does: "Start it again and let its tester in",
          refused: can.uncut ?? null,
          question: {
            title: `Restore the access to ${name}`,
            body: <p>{name} is started again.</p>,
            verb: "Restore access",
            act: () => server.machine.uncut.mutate(input),
            done: `The access to ${name} is restored.`,
          },
        },
    {
      name: "Forget",
      does: "Forget it without proof that it is gone",
      refused: can.forget ?? null,
      question: {
        title: `Forget ${name}`,
        body: (
          <p>
            {name} is counted as deleted. If it still exists on {machine.node}, it becomes an orphan there. Do
            this only if you know that it is gone.
          </p>
        ),
        verb: "Forget",
        grave: true,
        typed: name,
        asksNote: true,
        act: (note) => server.machine.forget.mutate(noted(note)),
        done: `${name} is forgotten.`,
      },
    },
  ];
}

/** A tester's machine can be recreated too: they get another one, and their set-up runs there. */
function recreate({ id, name, node, can, assignment }: MachineView): Action {
  if (assignment === null)
    return {
      name: "Recreate",
      does: "Delete it and create a new one",
      refused: can.recreate ?? null,
      question: {
        title: `Recreate ${name}`,
        body: (
          <p>
            <code>{name}</code> on {node} is deleted with its disk. The pool makes another machine in its
            place.
          </p>
        ),
        verb: `Delete ${name}`,
        grave: true,
        act: () => server.machine.recreate.mutate({ id }),
        done: `${name} is being deleted.`,
      },
    };
  return {
    name: "Replace",
    does: `Give ${assignment.username} another machine; this one is held`,
    refused: null,
    question: {
      title: `Give ${assignment.username} another machine`,
      body: (
        <p>
          {assignment.username} loses <code>{name}</code> with all work on it and gets another machine, where
          the set-up runs again. What is left of {name} is held for you to look at.
        </p>
      ),
      verb: `Take ${name} from ${assignment.username}`,
      grave: true,
      act: () => server.machine.recreate.mutate({ id, reassign: true }),
      done: `${assignment.username} gets another machine.`,
    },
  };
}
