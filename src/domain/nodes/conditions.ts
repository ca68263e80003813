import type { NodeCondition, NodeView } from "../../contract/node.ts";

/** What an operator should know about a node, in the form of a pool's conditions. Pure. */
export function nodeConditions(node: Omit<NodeView, "conditions">): NodeCondition[] {
  const first = heard(node);
  if (first.reason !== "NotJoined") return [first, driverWorks(node), accounted(node)];
  // Nothing is known of what only a relay can report.
  const message = `not known: ${first.message}`;
  return [first, { ...first, type: "DriverWorks", message }, { ...first, type: "Accounted", message }];
}

function heard({ name, state, lastSeenAt, createdAt }: Omit<NodeView, "conditions">): NodeCondition {
  const since = lastSeenAt ?? createdAt;
  const type = "Heard";
  if (state === "enrolled")
    return { type, status: false, reason: "NotJoined", message: `no relay has joined for ${name}`, since };
  if (state === "silent")
    return {
      type,
      status: false,
      reason: "NodeSilent",
      message: `its relay was last heard at ${since}`,
      since,
    };
  return { type, status: true, reason: "RelayHeard", message: "its relay is heard", since };
}

function driverWorks({ driverProblem, createdAt }: Omit<NodeView, "conditions">): NodeCondition {
  const type = "DriverWorks";
  return driverProblem === null
    ? { type, status: true, reason: "DriverAnswers", message: "its driver works", since: createdAt }
    : {
        type,
        status: false,
        reason: "DriverDown",
        message: driverProblem.message,
        since: driverProblem.since,
      };
}

function accounted({ orphans, createdAt }: Omit<NodeView, "conditions">): NodeCondition {
  const type = "Accounted";
  const open = orphans.filter(({ confirmedBy }) => confirmedBy === null);
  const [first] = open.toSorted((one, other) => one.since.localeCompare(other.since));
  if (first === undefined)
    return { type, status: true, reason: "AllKnown", message: "every machine is known", since: createdAt };
  const message = `orphans: ${open.map(({ name }) => name).join(", ")}`.slice(0, 2000);
  return { type, status: false, reason: "OrphansFound", message, since: first.since };
}
