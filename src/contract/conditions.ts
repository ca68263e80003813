import { own } from "./own.ts";

/**
 * Every condition of a pool and every reason it can have, with what it means and what to do: docs/conditions.md is
 * written from this.
 */
export type Reason = { status: boolean; meaning: string; action: string };

export const CONDITIONS = {
  Ready: {
    TargetReached: {
      status: true,
      meaning: "At least `targetSize` machines can be claimed now.",
      action: "Nothing.",
    },
    BelowTarget: {
      status: false,
      meaning: "Fewer can be claimed than `targetSize`: testers took them, or they are being replaced.",
      action: "Look at Progressing: as long as it is true this mends itself.",
    },
  },
  Progressing: {
    Full: { status: true, meaning: "Nothing is missing.", action: "Nothing." },
    Refilling: {
      status: true,
      meaning: "Machines are being created.",
      action: "Wait; `warmpool machine list` shows the phases.",
    },
    Paused: {
      status: false,
      meaning: "Somebody paused the pool, or stopped `npm start`. What is ready is still handed out.",
      action: "`warmpool pool resume POOL`, or start again.",
    },
    NoNode: {
      status: false,
      meaning: "No enrolled node is one that the pool asks for by name or by label; the message says which.",
      action:
        "`warmpool node enroll NODE`, give a node the label (`warmpool node label NODE LABEL…`), or change `nodes` and `nodeLabels` of the pool.",
    },
    NoNodeOnline: {
      status: false,
      meaning:
        "No relay of the nodes that the pool may use was heard for 90 s, or none has been probed since it came back.",
      action:
        "Start the relay on the node and look at its log; `warmpool node list` shows when each was last heard.",
    },
    CreatesFailing: {
      status: false,
      meaning: "Creates fail one after the other; the message has the last cause and the next try.",
      action:
        "`warmpool machine list --state deleted`, then `warmpool machine get ID`: the evidence (console, cloud-init, SSH) says why. A put of the pool with a mended spec tries again at once.",
    },
    AtMaxSize: {
      status: false,
      meaning: "Every machine that `maxSize` allows exists in some state.",
      action: "Release testers, see what is stuck in `deleting`, or raise `maxSize`.",
    },
    Braked: {
      status: false,
      meaning: "The machines it lacks are suspects of a braked node.",
      action: "Look at Degraded.",
    },
    NodeSilent: {
      status: false,
      meaning:
        "Machines are missing, and what should be one of them is on a node that is not heard: ready there, or begun by its relay. Testers who wait get theirs elsewhere; the stock is not made a second time.",
      action:
        "Start the node's relay. If the host is lost for good: `warmpool node remove NODE --lost`, and the pool is filled elsewhere.",
    },
    NoNodeOpen: {
      status: false,
      meaning:
        "Machines are missing, none is being made, and each node of the pool is closed: draining, braked, not heard, or it has not said for too long what it has.",
      action: "The message says why each is closed; `warmpool node list` shows more.",
    },
    Refused: {
      status: false,
      meaning:
        "Machines are missing, and the nodes refuse them: the driver of each refused the last one, or would by how the node is set up. The message has its words.",
      action:
        "Change what refuses them (a limit, a restriction, the profile). The node is asked again as soon as anything there has changed, and after an hour in any case.",
    },
    NoRoom: {
      status: false,
      meaning: "Machines are missing, none is being made, and no open node has room for one.",
      action: "Look at CapacityAvailable.",
    },
  },
  CapacityAvailable: {
    RoomForOne: { status: true, meaning: "One more machine would find room.", action: "Nothing." },
    NoNode: {
      status: false,
      meaning: "No enrolled node is one that the pool asks for by name or by label; the message says which.",
      action:
        "`warmpool node enroll NODE`, give a node the label (`warmpool node label NODE LABEL…`), or change `nodes` and `nodeLabels` of the pool.",
    },
    NoNodeOnline: {
      status: false,
      meaning: "No relay of the nodes that the pool may use is heard.",
      action: "Start the relay on the node and look at its log.",
    },
    NoNodeOpen: {
      status: false,
      meaning:
        "Each node of the pool is closed: draining, braked, not heard, or it has not said for too long what it has.",
      action: "The message says why each is closed: end a drain, or look at Degraded for a brake.",
    },
    Refused: {
      status: false,
      meaning:
        "The nodes refuse one more machine: the driver of each refused the last one, or would by how the node is set up.",
      action: "Change what the message names. The node is asked again as soon as anything there has changed.",
    },
    NoRoom: {
      status: false,
      meaning:
        "No open node has room for one more machine of the pool's shape; the message says what each lacks.",
      action: "`warmpool capacity` says what takes the room; add a node, or raise the limit that it names.",
    },
  },
  KeepingUp: {
    MadeInTime: {
      status: true,
      meaning: "Machines can be made at least as fast as testers asked for them in the last hour.",
      action: "Nothing.",
    },
    NoneMade: {
      status: false,
      meaning: "Testers ask for machines and none can be made: no node of the pool is open.",
      action: "Look at CapacityAvailable.",
    },
    TakenFaster: {
      status: false,
      meaning:
        "Testers take machines faster than they can be made: the stock runs out, and then they wait. `runway` says when.",
      action:
        "Add a node, or find out why a create takes so long (`warmpool machine timeline NAME`). Before a rush that is known, raise `targetSize` in time.",
    },
  },
  SetupsWork: {
    SetupsSucceed: {
      status: true,
      meaning: "Most set-ups that ended in the last hour ended well, or at most one has failed.",
      action: "Nothing.",
    },
    SetupsFailing: {
      status: false,
      meaning:
        "Of the testers whose set-up ended in the last hour, half or more have a failed one, and two at least. Machines are ready, and yet nobody can use one.",
      action:
        "`warmpool tester list --state failed` names them, `warmpool log USER` shows what the step said. A full disk or a missing network on the nodes: mend that. A recipe pushed lately: `warmpool recipe rollback NAME`. Then `warmpool retry USER`.",
    },
  },
  AllCurrent: {
    Current: {
      status: true,
      meaning: "Every machine is of the pool's present spec and not past its time.",
      action: "Nothing.",
    },
    RollingOut: {
      status: false,
      meaning:
        "Some are of an earlier image, shape or set of admin keys, or past `machineTtlSeconds`: ready ones are replaced one at a time, assigned ones when they are released.",
      action: "Wait.",
    },
  },
  /** The one that is bad where it is true. */
  Degraded: {
    Fine: {
      status: false,
      meaning: "Nothing is known to be wrong that does not mend itself.",
      action: "Nothing.",
    },
    Braked: {
      status: true,
      meaning:
        "Most machines of a node died at once. Nothing of it is torn down and no machine but a canary is made there, until a canary gets ready or most answer again.",
      action:
        "Look at the node's bridge, store and relay. Are the machines really dead: `warmpool node lift NODE`.",
    },
    OrphansHeld: {
      status: true,
      meaning:
        "A node shows machines that carry our mark and that no row knows: several at once, or its relay has seen more than the database knows, as after a backup was put back. None of them is torn down by itself.",
      action:
        "`warmpool node list --json` names them. Look what they are; where they may go: `warmpool node reap NODE`, for all or by name.",
    },
    TesterMachineDown: {
      status: true,
      meaning:
        "A tester's machine was stopped or deleted on its node, and not by Warmpool, or has not answered for two minutes. Nothing is done by itself: the tester's work is on it.",
      action:
        "Find out who did it. `warmpool machine restart NAME` starts a stopped one; `warmpool machine recreate NAME --reassign` gives the tester another machine and runs the set-up there again.",
    },
    OrphansFound: {
      status: true,
      meaning:
        "A node with machines of the pool shows one that carries our mark and that no row knows. Copies that people made are left alone; what may be somebody's waits for a person; all others are stopped, kept for `orphanKeepSeconds`, and then deleted.",
      action:
        "`warmpool status` says what each is and what becomes of it; docs/orphans.md says how to keep one. Where one that waits may go: `warmpool node reap NODE MACHINE`.",
    },
    DriverDown: {
      status: true,
      meaning:
        "The driver of a node with machines of the pool fails to list them or to say what the node has: nothing can be made, deleted or proven gone there.",
      action: "Look at the hypervisor on that node; `warmpool node list --json` has what its driver says.",
    },
    NodeSilent: {
      status: true,
      meaning:
        "A node that holds machines of the pool was not heard for 90 s. Nothing of it is handed out or torn down; the message says what it holds.",
      action:
        "Start its relay and see that it reaches the edge. If the host is lost for good: `warmpool node remove NODE --lost`.",
    },
    KeysNotReplaced: {
      status: true,
      meaning:
        "A tester was given other SSH keys, and they could not be put on the machine: the ones before may still open it. Its disk may be full or read-only, or somebody who is root there prevents it.",
      action:
        "`warmpool tester USER` says why. Assign again with the keys to try once more. If their access must end now: `warmpool machine cut MACHINE` stops the machine from outside and keeps its data; `warmpool release USER` removes it.",
    },
    AccessCut: {
      status: true,
      meaning:
        "A person has ended the access to a tester's machine (`machine cut`): its node has stopped it, or does so as soon as it can. It stays stopped, and its data is kept.",
      action: "`warmpool machine uncut MACHINE` starts it again; `warmpool release USER` removes it.",
    },
    HostKeyChanged: {
      status: true,
      meaning: "Machines answer with a host key that is no machine's of ours; unassigned ones are held.",
      action:
        "Find out who answers at that address; then `warmpool machine recreate ID`, or release the tester.",
    },
  },
} as const satisfies Record<string, Record<string, Reason>>;

export type ConditionType = keyof typeof CONDITIONS;
export type ConditionReason<Type extends ConditionType = ConditionType> = Type extends ConditionType
  ? keyof (typeof CONDITIONS)[Type] & string
  : never;
export const CONDITION_TYPES = Object.keys(CONDITIONS) as [ConditionType, ...ConditionType[]];

/** Whether there is something to tell: `Degraded` is amiss where it is true, every other one where it is false. */
export function isAmiss({ type, status }: { type: ConditionType; status: boolean }): boolean {
  return status === (type === "Degraded");
}

/** What an operator does about it, as docs/conditions.md says. */
export function actionFor({ type, reason }: { type: ConditionType; reason: string }): string {
  const reasons: Readonly<Record<string, Reason>> = CONDITIONS[type];
  return (
    own(reasons, reason)?.action ??
    "The reason is of a newer version: its docs/conditions.md says what to do."
  );
}
