import type { InstallationCheck } from "../../contract/installation.ts";
import type { NodeView } from "../../contract/node.ts";
import { driverText } from "../views/nodeView.ts";
import { needsWord, orphanSentences, waitingOrphans } from "../views/orphansText.ts";
import { ago, duration } from "../terminal/time.ts";
import { ok, wrong } from "./check.ts";
import type { Check } from "./check.ts";

/** What is known of each node's relay, judged. Pure. */

const CLOCK_SECONDS = 5;

export function nodesCheck(
  nodes: NodeView[],
  { nodes: relays }: InstallationCheck,
  version: string,
  now: number,
): Check[] {
  if (nodes.length === 0) {
    return [
      wrong("nodes", "there is none: nothing makes machines", "`npx warmpool node enroll NAME` begins one"),
    ];
  }
  return nodes.map((node) =>
    nodeCheck(
      node,
      relays.find(({ name }) => name === node.name),
      version,
      now,
    ),
  );
}

function nodeCheck(
  node: NodeView,
  relay: InstallationCheck["nodes"][number] | undefined,
  version: string,
  now: number,
): Check {
  const name = `node ${node.name}`;
  const ahead = relay?.clockAheadSeconds ?? 0;
  if (node.state === "enrolled") {
    return wrong(
      name,
      "no relay has joined for it",
      `run the commands there that \`npx warmpool node enroll ${node.name}\` prints`,
    );
  }
  if (node.state === "silent") {
    return wrong(
      name,
      `its relay was last heard ${ago(node.lastSeenAt, now)}`,
      "start the relay there, and see that it reaches the edge",
    );
  }
  if (node.state === "returning") {
    return wrong(
      name,
      "its relay is back, but has not yet listed and probed its machines",
      "wait a moment; if it stays so, its driver does not answer: look into the relay's log",
    );
  }
  if (node.driverProblem !== null) {
    return wrong(
      name,
      `its driver fails since ${ago(node.driverProblem.since, now)}: ${node.driverProblem.message}`,
      "look at the hypervisor on the node; nothing can be made, deleted or proven gone there until it answers",
    );
  }
  if (node.driver === null) return wrong(name, "its relay names no driver", "start the relay with --driver");
  if (relay?.sshPublicKey === null) {
    return wrong(name, "its relay has no SSH key", "start the relay again: it makes one at its start");
  }
  if (ahead > CLOCK_SECONDS) {
    return wrong(name, `its clock is ahead by ${duration(ahead)} or more`, "let NTP set it");
  }
  const waiting = waitingOrphans(node);
  if (waiting !== null) {
    return wrong(
      name,
      waiting,
      `\`npx warmpool node list --json\` names them; if they may be deleted: \`npx warmpool node reap ${node.name}\``,
    );
  }
  const orphans = orphanSentences(node);
  if (orphans.length > 0) {
    return wrong(
      name,
      orphans.join("; "),
      needsWord(node)
        ? `find out what they are; if one may be deleted: \`npx warmpool node reap ${node.name} MACHINE\``
        : "nothing, or find out who made them; docs/orphans.md says how to keep a copy",
    );
  }
  if (node.relayVersion !== version) {
    return wrong(
      name,
      `its relay is version ${node.relayVersion ?? "unknown"}, this command ${version}`,
      "run the same version everywhere; a relay may be replaced while it works",
    );
  }
  const draining = node.scheduling === "draining" ? ", draining" : "";
  return ok(name, `relay ${node.relayVersion}, driver ${driverText(node) ?? ""}${draining}`);
}
