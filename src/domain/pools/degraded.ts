import { withOthers } from "../../contract/degraded.ts";
import type { PoolFacts, SilentNode, Statement } from "./facts.ts";
import { DOWN_WORDS } from "../health/testerMachines.ts";

/** The worst of what is wrong, and by their reasons the others. */
export function degraded(facts: PoolFacts): Statement<"Degraded"> {
  const [worst, ...others] = wrongs(facts);
  if (worst === undefined) return { status: false, reason: "Fine", message: "no problem is known" };
  const reasons = others.map(({ reason }) => reason);
  return { ...worst, message: withOthers(worst.message, reasons) };
}

/** What is wrong, the worst first. */
function wrongs(facts: PoolFacts): Statement<"Degraded">[] {
  const { brakes, strangers, keyless, orphanNodes, orphans, silentNodes, downMachines, driverProblems, cut } =
    facts;
  const found: Statement<"Degraded">[] = [];
  const [brake] = brakes;
  if (brake !== undefined) {
    const tried =
      brake.canaryError === null
        ? ""
        : ` The last canary failed: ${brake.canaryError}; the next one is due at ${brake.canaryNotBefore}.`;
    found.push({
      status: true,
      reason: "Braked",
      message: `${brake.dead} of ${brake.answered} machines of node ${brake.node} died at once (${brake.cause ?? "no cause"}), so none of them is torn down.${tried} Look at the node's network and relay; if the machines really are dead, run \`warmpool node lift ${brake.node}\``,
    });
  }
  const [down] = downMachines;
  if (down !== undefined) {
    const each = downMachines.slice(0, NAMED).map(({ machine, username, what, since }) => {
      return `${machine} of ${username} ${DOWN_WORDS[what]} since ${since}`;
    });
    const more = downMachines.length > NAMED ? `; and ${downMachines.length - NAMED} more` : "";
    const start =
      down.what === "absent" ? "" : `to start it again, run \`warmpool machine restart ${down.machine}\`; `;
    found.push({
      status: true,
      reason: "TesterMachineDown",
      message: `${each.join("; ")}${more}. Nothing is done automatically; ${start}to give the tester another machine and run the set-up there, run \`warmpool machine recreate ${down.machine} --reassign\``,
    });
  }
  if (strangers.length > 0) {
    found.push({
      status: true,
      reason: "HostKeyChanged",
      message: `${strangers.join(", ")}: presents an unknown host key; find out what responds there, then recreate or release it`,
    });
  }
  if (keyless.length > 0) {
    found.push({
      status: true,
      reason: "KeysNotReplaced",
      message: `the keys of ${keyless.join(", ")} could not be replaced: the old ones may still work, or none does; \`warmpool tester USER\` says which and why. Assign again to retry; if the old access must end now, run \`warmpool machine cut MACHINE\`, which stops the machine and keeps its data`,
    });
  }
  const [node] = orphanNodes;
  if (node !== undefined) {
    found.push({
      status: true,
      reason: "OrphansHeld",
      message: `node ${orphanNodes.join(", ")} has orphans, and none of them is torn down automatically; \`warmpool doctor\` says why; if they may be deleted, run \`warmpool node reap ${node}\``,
    });
  }
  if (silentNodes.length > 0)
    found.push({ status: true, reason: "NodeSilent", message: silentText(silentNodes) });
  const [problem] = driverProblems;
  if (problem !== undefined) {
    found.push({
      status: true,
      reason: "DriverDown",
      message: `the driver of node ${problem.node} fails: ${problem.message}; no machine can be created, deleted or proven gone there`,
    });
  }
  if (orphans.length > 0 && node === undefined) {
    const named = orphans.slice(0, NAMED).join(", ");
    const more = orphans.length > NAMED ? ` and ${orphans.length - NAMED} more` : "";
    found.push({
      status: true,
      reason: "OrphansFound",
      message: `${named}${more}: is an orphan; docs/orphans.md explains what happens to it`,
    });
  }
  const [first] = cut;
  if (first !== undefined) {
    const each = cut.slice(0, NAMED).map(({ machine, username, pending }) => {
      return `the access of ${username} to ${machine} is cut${pending ? ", and it is not stopped yet" : ""}`;
    });
    const more = cut.length > NAMED ? `; and ${cut.length - NAMED} more` : "";
    found.push({
      status: true,
      reason: "AccessCut",
      message: `${each.join("; ")}${more}. To restore it, run \`warmpool machine uncut ${first.machine}\``,
    });
  }
  return found;
}

/** So many of what may be many are named. */
const NAMED = 5;

/** Which nodes are not heard, what of the pool they hold, and what to do about it. */
export function silentText(nodes: readonly SilentNode[]): string {
  const [first] = nodes;
  const each = nodes.map(({ node, lastSeenAt, making, ready: claimable, assigned, others }) => {
    const parts = [
      [making, "being created"],
      [claimable, "ready"],
      [assigned, "with testers"],
      [others, "in other states"],
    ] as const;
    const held = parts.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`])).join(", ");
    return `node ${node} was last heard at ${lastSeenAt} and has machines of this pool: ${held}`;
  });
  return `${each.join("; ")}. See why (on the node: \`journalctl -u warmpool-relay\`) and start its relay; only if the host is lost for good, run \`warmpool node remove ${first?.node ?? "NODE"} --lost\``;
}
