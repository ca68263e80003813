/**
 * Every condition of a pool and every reason it can have, with what it means and what to do: docs/conditions.md is
 * written from this.
 */
type Reason = { status: boolean; meaning: string; action: string };

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
    NoNodeOnline: {
      status: false,
      meaning: "No relay was heard for 90 s, or none has been probed since it came back.",
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
  },
} as const satisfies Record<string, Record<string, Reason>>;

export type ConditionType = keyof typeof CONDITIONS;
export type ConditionReason<Type extends ConditionType = ConditionType> = Type extends ConditionType
  ? keyof (typeof CONDITIONS)[Type] & string
  : never;
export const CONDITION_TYPES = Object.keys(CONDITIONS) as [ConditionType, ...ConditionType[]];
