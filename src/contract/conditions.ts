import type { ConditionType } from "./conditionTypes.ts";
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
      meaning:
        "Fewer machines than `targetSize` can be claimed: testers took them, or they are being replaced.",
      action: "Look at Progressing: while it is true, you need to do nothing.",
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
      meaning: "Somebody paused the pool, or stopped `npm start`. Ready machines are still assigned.",
      action: "`warmpool pool resume POOL`, or start again.",
    },
    NoNode: {
      status: false,
      meaning:
        "No enrolled node matches the pool's `nodes` and `nodeLabels`; the message says which are missing.",
      action:
        "`warmpool node enroll NODE`, give a node the label (`warmpool node label NODE LABEL…`), or change `nodes` and `nodeLabels` of the pool.",
    },
    NoNodeOnline: {
      status: false,
      meaning:
        "No relay of the pool's nodes was heard for `silenceSeconds` (90 by default), or the nodes have not been probed since their relays came back.",
      action:
        "Start the relay on the node and look at its log; `warmpool node list` shows when each was last heard.",
    },
    CreatesFailing: {
      status: false,
      meaning:
        "Several creates failed in a row; the message has the last cause and the time of the next attempt.",
      action:
        "`warmpool machine list --state deleted`, then `warmpool machine get ID`: the evidence (console, cloud-init, SSH) says why. `warmpool pool put FILE` with a corrected spec retries at once.",
    },
    AtMaxSize: {
      status: false,
      meaning: "As many machines as `maxSize` allows exist, in any state.",
      action:
        "Release testers, or raise `maxSize`. If the message counts machines that are being deleted, see why they are not gone: `warmpool machine list --state deleting`.",
    },
    Braked: {
      status: false,
      meaning: "The missing machines are suspects of a braked node.",
      action: "Look at Degraded.",
    },
    NodeSilent: {
      status: false,
      meaning:
        "Machines are missing because some are on a silent node: they are ready there, or its relay was creating them. Waiting testers get machines on other nodes; the rest is not created a second time.",
      action:
        "Start the node's relay. If the host is lost for good, run `warmpool node remove NODE --lost`: the pool is then filled elsewhere.",
    },
    NoNodeOpen: {
      status: false,
      meaning:
        "Machines are missing, none is being created, and each node of the pool is closed: draining, braked, silent, or its inventory is too old.",
      action: "The message says why each is closed; `warmpool node list` shows more.",
    },
    Refused: {
      status: false,
      meaning:
        "Machines are missing, and the nodes refuse them: the driver of each node refused the last one, or its configuration would. The message says why.",
      action:
        "Change what refuses them (a limit, a restriction, the profile). The create is retried as soon as anything on the node has changed, and after an hour in any case.",
    },
    NoRoom: {
      status: false,
      meaning: "Machines are missing, none is being created, and no open node has room for one.",
      action: "Look at CapacityAvailable.",
    },
  },
  CapacityAvailable: {
    RoomForOne: { status: true, meaning: "There is room for one more machine.", action: "Nothing." },
    NoNode: {
      status: false,
      meaning:
        "No enrolled node matches the pool's `nodes` and `nodeLabels`; the message says which are missing.",
      action:
        "`warmpool node enroll NODE`, give a node the label (`warmpool node label NODE LABEL…`), or change `nodes` and `nodeLabels` of the pool.",
    },
    NoNodeOnline: {
      status: false,
      meaning: "No relay of the pool's nodes is heard.",
      action: "Start the relay on the node and look at its log.",
    },
    NoNodeOpen: {
      status: false,
      meaning: "Each node of the pool is closed: draining, braked, silent, or its inventory is too old.",
      action: "The message says why each is closed: end a drain, or look at Degraded for a brake.",
    },
    Refused: {
      status: false,
      meaning:
        "The nodes refuse one more machine: the driver of each node refused the last one, or its configuration would.",
      action:
        "Change what the message names. The create is retried as soon as anything on the node has changed.",
    },
    NoRoom: {
      status: false,
      meaning:
        "No open node has room for one more machine of the pool's shape; the message says what each lacks.",
      action: "`warmpool capacity` shows what uses the room; add a node, or raise the limit that it names.",
    },
  },
  KeepingUp: {
    MadeInTime: {
      status: true,
      meaning: "Machines can be created at least as fast as testers requested them in the last hour.",
      action: "Nothing.",
    },
    NoneMade: {
      status: false,
      meaning: "Testers request machines and none can be created: no node of the pool is open.",
      action: "Look at CapacityAvailable.",
    },
    TakenFaster: {
      status: false,
      meaning:
        "Testers take machines faster than they can be created. The ready machines will run out, and then testers wait; `runway` says when.",
      action:
        "Add a node, or find out why a create takes so long (`warmpool machine timeline NAME`). Before an expected rush, raise `targetSize` in time.",
    },
  },
  SetupsWork: {
    SetupsSucceed: {
      status: true,
      meaning: "Most set-ups that ended in the last hour succeeded, or at most one failed.",
      action: "Nothing.",
    },
    SetupsFailing: {
      status: false,
      meaning:
        "At least half of the set-ups that ended in the last hour failed, and at least two. Machines are ready, but testers cannot use them.",
      action:
        "`warmpool tester list --state failed` names them, `warmpool log USER` shows the output of the step. If a disk of the nodes is full or their network is down, fix that. If the recipe was pushed recently, run `warmpool recipe rollback NAME`. Then run `warmpool retry USER`.",
    },
  },
  AllCurrent: {
    Current: {
      status: true,
      meaning:
        "Every machine is current: created from the pool's current spec, and not past `machineTtlSeconds`.",
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
} as const satisfies Record<ConditionType, Record<string, Reason>>;

export type ConditionReason<Type extends ConditionType = ConditionType> = Type extends ConditionType
  ? keyof (typeof CONDITIONS)[Type] & string
  : never;

/** What an operator does about it, as docs/conditions.md says. */
export function actionFor({ type, reason }: { type: ConditionType; reason: string }): string {
  const reasons: Readonly<Record<string, Reason>> = CONDITIONS[type];
  return (
    own(reasons, reason)?.action ??
    "The reason is from a newer version: see that version's docs/conditions.md."
  );
}
