import type { Reason } from "./reason.ts";

/** The reasons of the condition `Degraded` of a pool, the one that is bad where it is true. */
export const DEGRADED = {
  Fine: {
    status: false,
    meaning: "No problem is known that needs a person.",
    action: "Nothing.",
  },
  Braked: {
    status: true,
    meaning:
      "Most machines of a node died at once. None of them is torn down, and only a canary is created there, until the canary is ready or most machines respond again.",
    action:
      "Look at the node's bridge, storage and relay. If the machines really are dead, run `warmpool node lift NODE`.",
  },
  OrphansHeld: {
    status: true,
    meaning:
      "A node shows orphans: machines with this installation's mark that have no row. There are several at once, or its relay has seen more machines than the database knows, as after a restored backup. None of them is torn down automatically.",
    action:
      "`warmpool node list --json` names them. Find out what they are. If they may be deleted, run `warmpool node reap NODE`, for all or by name.",
  },
  TesterMachineDown: {
    status: true,
    meaning:
      "A tester's machine was stopped or deleted on its node, but not by Warmpool, or has not responded for two minutes. Nothing is done automatically, because the tester's work is on it.",
    action:
      "Find out who did it. `warmpool machine restart NAME` starts a stopped one; `warmpool machine recreate NAME --reassign` gives the tester another machine and runs the set-up there again.",
  },
  OrphansFound: {
    status: true,
    meaning:
      "A node with machines of the pool shows an orphan: a machine with this installation's mark that has no row. Copies that people made are left alone. Those that may belong to somebody wait for a person. All others are stopped, kept for `orphanKeepSeconds`, and then deleted.",
    action:
      "`warmpool status` says what each one is and what happens to it; docs/orphans.md says how to keep one. To delete one that waits, run `warmpool node reap NODE MACHINE`.",
  },
  DriverDown: {
    status: true,
    meaning:
      "The driver of a node with machines of the pool fails to list them or to report the node's inventory: no machine can be created, deleted or proven gone there.",
    action:
      "Look at the hypervisor on that node; `warmpool node list --json` has the driver's error message.",
  },
  NodeSilent: {
    status: true,
    meaning:
      "A node with machines of the pool was not heard for its `silenceSeconds` (90 by default). None of its machines is assigned or torn down; the message counts them.",
    action:
      "Start its relay and check that it reaches the edge. If the host is lost for good, run `warmpool node remove NODE --lost`.",
  },
  KeysNotReplaced: {
    status: true,
    meaning:
      "A tester's SSH keys were replaced, but the new ones could not be put on the machine: the old ones may still open it, or none does. Its disk may be full or read-only, or somebody who is root there prevents it.",
    action:
      "`warmpool tester USER` says which and why. Assign again with the keys to retry; if no key opens it and its disk is full, run `warmpool machine restart MACHINE` first. To end the old access now, run `warmpool machine cut MACHINE`, which stops the machine from outside and keeps its data, or `warmpool release USER`, which removes it.",
  },
  AccessCut: {
    status: true,
    meaning:
      "A person has ended the access to a tester's machine (`machine cut`): its node has stopped it, or does so as soon as it can. It stays stopped, and its data is kept.",
    action: "`warmpool machine uncut MACHINE` starts it again; `warmpool release USER` removes it.",
  },
  HostKeyChanged: {
    status: true,
    meaning: "Machines answer with a host key that belongs to no known machine; unassigned ones are held.",
    action:
      "Find out who answers at that address; then `warmpool machine recreate ID`, or release the tester.",
  },
} as const satisfies Record<string, Reason>;

const ALSO = ". Also: ";

/** The message of a degraded pool: that of the worst problem, and the reasons of the others. */
export function withOthers(worst: string, others: readonly string[]): string {
  return others.length === 0 ? worst : `${worst}${ALSO}${others.join(", ")}`;
}

/** Takes such a message apart. Words that only look like reasons are part of the message. */
export function othersIn(message: string): { worst: string; others: string[] } {
  const at = message.lastIndexOf(ALSO);
  const others = at === -1 ? [] : message.slice(at + ALSO.length).split(", ");
  return others.length > 0 && others.every((reason) => Object.hasOwn(DEGRADED, reason))
    ? { worst: message.slice(0, at), others }
    : { worst: message, others: [] };
}
