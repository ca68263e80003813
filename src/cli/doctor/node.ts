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
      wrong("nodes", "no node is enrolled, so no machine can be created", "run `warmpool node enroll NAME`"),
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
  const own = unheard(name, node, now) ?? cannotWork(name, node, now);
  if (own !== null) return own;
  if (relay?.sshPublicKey === null) {
    return wrong(name, "its relay has no SSH key", "restart the relay: it generates one when it starts");
  }
  if (ahead > CLOCK_SECONDS) {
    return wrong(name, `its clock is ahead by ${duration(ahead)} or more`, "synchronize it with NTP");
  }
  const waiting = waitingOrphans(node);
  if (waiting !== null) {
    return wrong(
      name,
      waiting,
      `\`warmpool node list --json\` lists them; if they may be deleted, run \`warmpool node reap ${node.name}\``,
    );
  }
  const orphans = orphanSentences(node);
  if (orphans.length > 0) {
    return wrong(
      name,
      orphans.join("; "),
      needsWord(node)
        ? `find out what they are; if one may be deleted, run \`warmpool node reap ${node.name} MACHINE\``
        : "nothing to do, or find out who created them; docs/orphans.md explains how to keep a copy",
    );
  }
  if (node.relayVersion !== version) {
    return wrong(
      name,
      `its relay is version ${node.relayVersion ?? "unknown"}, this command ${version}`,
      "run the same version everywhere; a relay can be upgraded while it works",
    );
  }
  const draining = node.scheduling === "draining" ? ", draining" : "";
  return ok(name, `relay ${node.relayVersion}, driver ${driverText(node) ?? ""}${draining}`);
}

/** Whether its relay is heard, and was asked what it has. */
function unheard(name: string, node: NodeView, now: number): Check | null {
  if (node.state === "enrolled") {
    return wrong(
      name,
      "no relay has joined for it",
      `run the commands that \`warmpool node enroll ${node.name}\` prints, on that node`,
    );
  }
  if (node.state === "silent") {
    return wrong(
      name,
      `its relay was last heard ${ago(node.lastSeenAt, now)}`,
      "on that node, see why with `journalctl -u warmpool-relay`, or start the relay; check that it reaches the edge",
    );
  }
  if (node.state === "returning") {
    return wrong(
      name,
      "its relay is back, but has not yet listed and probed its machines",
      "wait a moment; if this persists, its driver does not respond: look at the relay's log",
    );
  }
  return null;
}

/** Whether its driver and the brake let it work. */
function cannotWork(name: string, node: NodeView, now: number): Check | null {
  if (node.driverProblem !== null) {
    return wrong(
      name,
      `its driver has been failing for ${duration((now - Date.parse(node.driverProblem.since)) / 1000)}: ${node.driverProblem.message}`,
      "look at the hypervisor on the node; no machine can be created, deleted or proven gone there until it responds",
    );
  }
  if (node.brake !== null && node.brake.releasedAt === null) {
    const { dead, answered, since, cause } = node.brake;
    return wrong(
      name,
      `it is braked: ${dead} of ${answered} machines died at once ${ago(since, now)} (${cause ?? "no cause"})`,
      `look at its network and relay; if the machines really are dead, run \`warmpool node lift ${node.name}\``,
    );
  }
  if (node.driver === null)
    return wrong(name, "its relay reports no driver", "start the relay with --driver");
  return null;
}
