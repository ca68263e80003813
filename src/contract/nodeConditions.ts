import type { NodeConditionType } from "./node.ts";
import type { Reason } from "./reason.ts";

/** Every condition of a node, as src/contract/conditions.ts has those of pools. Each is bad where it is false. */
export const NODE_CONDITIONS = {
  Heard: {
    RelayHeard: { status: true, meaning: "The node's relay is heard.", action: "Nothing." },
    NotJoined: {
      status: false,
      meaning: "No relay has joined for the node yet.",
      action: "Run the commands that `warmpool node enroll NODE` prints, on that node.",
    },
    NodeSilent: {
      status: false,
      meaning:
        "The relay was not heard for `silenceSeconds` (90 by default). None of the node's machines is assigned or torn down.",
      action:
        "Start the relay there and check that it reaches the edge. If the host is lost for good, run `warmpool node remove NODE --lost`.",
    },
  },
  DriverWorks: {
    DriverAnswers: {
      status: true,
      meaning: "The driver works, as far as is known.",
      action: "Nothing.",
    },
    NotJoined: {
      status: false,
      meaning: "Not known: no relay has joined for the node yet.",
      action: "Run the commands that `warmpool node enroll NODE` prints, on that node.",
    },
    DriverDown: {
      status: false,
      meaning:
        "The driver fails to list its machines or to report the node's inventory; the message is from the driver.",
      action:
        "Look at the hypervisor on the node: no machine can be created, deleted or proven gone there until it responds.",
    },
  },
  Accounted: {
    AllKnown: {
      status: true,
      meaning: "Every machine with this installation's mark is known.",
      action: "Nothing.",
    },
    NotJoined: {
      status: false,
      meaning: "Not known: no relay has joined for the node yet.",
      action: "Run the commands that `warmpool node enroll NODE` prints, on that node.",
    },
    OrphansFound: {
      status: false,
      meaning: "The node shows machines with this installation's mark that have no row.",
      action:
        "`warmpool status` says what each one is and what happens to it; docs/orphans.md says how to keep one.",
    },
  },
} as const satisfies Record<NodeConditionType, Record<string, Reason>>;
