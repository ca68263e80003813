import { DEGRADED } from "./degraded.ts";
import { own } from "./own.ts";
import type { Reason } from "./reason.ts";

/**
 * Every condition of a pool and every reason it can have, with what it means and what to do: docs/conditions.md is
 * written from this.
 */
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
  Degraded: DEGRADED,
} as const satisfies Record<string, Record<string, Reason>>;

export type ConditionType = keyof typeof CONDITIONS;
export type ConditionReason<Type extends ConditionType = ConditionType> = Type extends ConditionType
  ? keyof (typeof CONDITIONS)[Type] & string
  : never;
export const CONDITION_TYPES = Object.keys(CONDITIONS) as [ConditionType, ...ConditionType[]];

/** What an operator does about it, as docs/conditions.md says. */
export function actionFor({ type, reason }: { type: ConditionType; reason: string }): string {
  const reasons: Readonly<Record<string, Reason>> = CONDITIONS[type];
  return (
    own(reasons, reason)?.action ??
    "The reason is of a newer version: its docs/conditions.md says what to do."
  );
}
