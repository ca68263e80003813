import type { ConditionReason, ConditionType } from "../contract/conditions.ts";
import type { NodeBrake } from "../contract/node.ts";
import type { PoolCondition, PoolSpec } from "../contract/pool.ts";
import { DOWN_WORDS, type DownMachine } from "./testerMachines.ts";
import { createsPerHour, type Demand } from "./runway.ts";

/** What the conditions are read from. `stored` are those noted at the last sweep, for their `since`. */
export type PoolFacts = Demand & {
  spec: Pick<PoolSpec, "targetSize" | "maxSize" | "shape">;
  paused: boolean;
  waiting: number;
  onlineNodes: number;
  createFailures: number;
  createNotBefore: string | null;
  lastFailure: string | null;
  /** Machines in any state but the last two that the spec has left behind. */
  stale: number;
  /** Whether machines are being made on nodes that are heard. */
  onTheirWay: boolean;
  /** Whether placing finds a node for one more machine. */
  hasRoom: boolean;
  /** The brakes that hold on nodes with machines of the pool. */
  brakes: (Pick<NodeBrake, "dead" | "answered" | "cause" | "canaryError" | "canaryNotBefore"> & {
    node: string;
  })[];
  /** Nodes with machines of the pool whose orphans wait for a person's word. */
  orphanNodes: string[];
  /** What the drivers of nodes with machines of the pool say that fail. */
  driverProblems: { node: string; message: string }[];
  /** Machines of testers that are down. */
  downMachines: DownMachine[];
  /** Orphans of nodes with machines of the pool that no person has named yet, as `NODE: NAME`. */
  orphans: string[];
  /** Nodes that are not heard any more, with what they hold of the pool. */
  silentNodes: SilentNode[];
  /** Machines that answer with a host key nobody knows. */
  strangers: string[];
  stored: PoolCondition[];
  createdAt: string;
  now: string;
};

export type SilentNode = {
  node: string;
  lastSeenAt: string;
  /** Creates that its relay had begun. */
  making: number;
  ready: number;
  assigned: number;
  /** Suspect, held or being deleted. */
  others: number;
};

type Statement<Type extends ConditionType> = {
  status: boolean;
  reason: ConditionReason<Type>;
  message: string;
};

/**
 * What an operator should know about a pool: whether it has what it should (`Ready`), whether it is getting there
 * (`Progressing`), whether one more machine finds room (`CapacityAvailable`), whether they are made as fast as testers take
 * them (`KeepingUp`), whether all are of its present spec
 * (`AllCurrent`), and whether something is wrong that it does not mend by itself (`Degraded`, the one that is bad where
 * true). Each names its cause and what to do. `since` stands as long as status and reason do.
 */
export function poolConditions(facts: PoolFacts & { population: number }): PoolCondition[] {
  return [
    dated("Ready", ready(facts), facts),
    dated("Progressing", progressing(facts), facts),
    dated("CapacityAvailable", capacityAvailable(facts), facts),
    dated("KeepingUp", keepingUp(facts), facts),
    dated("AllCurrent", allCurrent(facts), facts),
    dated("Degraded", degraded(facts), facts),
  ];
}

function capacityAvailable({ hasRoom, spec }: PoolFacts): Statement<"CapacityAvailable"> {
  if (hasRoom)
    return { status: true, reason: "RoomForOne", message: "one more machine finds room on a node" };
  const { vcpus, memoryMib, diskGib } = spec.shape;
  return {
    status: false,
    reason: "NoRoom",
    message: `no open node has room for ${vcpus} CPU, ${memoryMib} MiB and ${diskGib} GiB; \`warmpool capacity\` says what takes it`,
  };
}

/** Without a create observed, or with the pool paused, nothing can be said against it. */
function keepingUp(facts: PoolFacts): Statement<"KeepingUp"> {
  const makes = facts.paused ? null : createsPerHour(facts);
  const taken = `testers asked for ${facts.claims} in the last hour`;
  if (makes === null || facts.claims <= makes)
    return { status: true, reason: "MadeInTime", message: `${taken}, and as many can be made` };
  const usual = Math.round(facts.usualCreateSeconds ?? 0);
  return {
    status: false,
    reason: "TakenFaster",
    message: `${taken}, and about ${Math.floor(makes)} an hour can be made (${facts.slots} at a time, ${usual} s each); more nodes make more at a time`,
  };
}

function allCurrent({ stale }: PoolFacts): Statement<"AllCurrent"> {
  return stale === 0
    ? { status: true, reason: "Current", message: "every machine is of the present spec" }
    : {
        status: false,
        reason: "RollingOut",
        message: `${stale} ${stale === 1 ? "machine is" : "machines are"} of an earlier spec or past its time; ready ones are replaced one at a time, assigned ones when they are released`,
      };
}

/** The worst of what is wrong, and by their reasons the others. */
function degraded(facts: PoolFacts): Statement<"Degraded"> {
  const [worst, ...others] = wrongs(facts);
  if (worst === undefined) return { status: false, reason: "Fine", message: "nothing is known to be wrong" };
  const also = others.length === 0 ? "" : `. Also: ${others.map(({ reason }) => reason).join(", ")}`;
  return { ...worst, message: `${worst.message}${also}` };
}

/** What is wrong, the worst first. */
function wrongs(facts: PoolFacts): Statement<"Degraded">[] {
  const { brakes, strangers, orphanNodes, orphans, silentNodes, downMachines, driverProblems } = facts;
  const found: Statement<"Degraded">[] = [];
  const [brake] = brakes;
  if (brake !== undefined) {
    const tried =
      brake.canaryError === null
        ? ""
        : ` The last canary failed: ${brake.canaryError}; the next is due at ${brake.canaryNotBefore}.`;
    found.push({
      status: true,
      reason: "Braked",
      message: `${brake.dead} of ${brake.answered} machines of node ${brake.node} died at once (${brake.cause ?? "no cause"}), so nothing there is torn down.${tried} Look at the node's network and relay; if the machines are really dead: \`warmpool node lift ${brake.node}\``,
    });
  }
  const [down] = downMachines;
  if (down !== undefined) {
    const each = downMachines.slice(0, NAMED).map(({ machine, username, what, since }) => {
      return `${machine} of ${username} ${DOWN_WORDS[what]} since ${since}`;
    });
    const more = downMachines.length > NAMED ? `; and ${downMachines.length - NAMED} more` : "";
    const start =
      down.what === "absent" ? "" : `to start it again: \`warmpool machine restart ${down.machine}\`; `;
    found.push({
      status: true,
      reason: "TesterMachineDown",
      message: `${each.join("; ")}${more}. Nothing is done by itself; ${start}to give the tester another machine with the set-up run again: \`warmpool machine recreate ${down.machine} --reassign\``,
    });
  }
  if (strangers.length > 0) {
    found.push({
      status: true,
      reason: "HostKeyChanged",
      message: `${strangers.join(", ")}: answers with a host key nobody knows; find out who answers there, then recreate or release it`,
    });
  }
  const [node] = orphanNodes;
  if (node !== undefined) {
    found.push({
      status: true,
      reason: "OrphansHeld",
      message: `node ${orphanNodes.join(", ")} shows machines of ours that no row knows, and tears none of them down by itself; \`warmpool doctor\` says why; where they may go: \`warmpool node reap ${node}\``,
    });
  }
  if (silentNodes.length > 0)
    found.push({ status: true, reason: "NodeSilent", message: silentText(silentNodes) });
  const [problem] = driverProblems;
  if (problem !== undefined) {
    found.push({
      status: true,
      reason: "DriverDown",
      message: `the driver of node ${problem.node} fails: ${problem.message}; nothing can be made, deleted or proven gone there`,
    });
  }
  if (orphans.length > 0 && node === undefined) {
    const named = orphans.slice(0, NAMED).join(", ");
    const more = orphans.length > NAMED ? ` and ${orphans.length - NAMED} more` : "";
    found.push({
      status: true,
      reason: "OrphansFound",
      message: `${named}${more}: no row knows it; \`warmpool status\` says what each is and what becomes of it`,
    });
  }
  return found;
}

/** So many of what may be many are named. */
const NAMED = 5;

/** Which nodes are not heard, what of the pool they hold, and what to do about it. */
function silentText(nodes: readonly SilentNode[]): string {
  const [first] = nodes;
  const each = nodes.map(({ node, lastSeenAt, making, ready: claimable, assigned, others }) => {
    const parts = [
      [making, "being made"],
      [claimable, "ready"],
      [assigned, "with testers"],
      [others, "in other states"],
    ] as const;
    const held = parts.flatMap(([count, what]) => (count === 0 ? [] : [`${count} ${what}`])).join(", ");
    return `node ${node} was last heard at ${lastSeenAt} and holds machines of this pool: ${held}`;
  });
  return `${each.join("; ")}. Start its relay; if the host is lost for good: \`warmpool node remove ${first?.node ?? "NODE"} --lost\``;
}

function ready(facts: PoolFacts): Statement<"Ready"> {
  const have = `${facts.claimable} of ${facts.spec.targetSize} machines can be claimed now`;
  return facts.claimable >= facts.spec.targetSize
    ? { status: true, reason: "TargetReached", message: have }
    : { status: false, reason: "BelowTarget", message: have };
}

function progressing(facts: PoolFacts & { population: number }): Statement<"Progressing"> {
  const lacks = facts.claimable < facts.spec.targetSize + facts.waiting;
  if (facts.paused)
    return { status: false, reason: "Paused", message: "the pool is paused; resume it to refill" };
  if (!lacks) return { status: true, reason: "Full", message: "nothing to do" };
  if (facts.onlineNodes === 0) {
    return { status: false, reason: "NoNodeOnline", message: "no relay is heard; start the relay on a node" };
  }
  if (facts.createFailures > 1) {
    const next = facts.createNotBefore === null ? "" : `; next try at ${facts.createNotBefore}`;
    return {
      status: false,
      reason: "CreatesFailing",
      message: `${facts.createFailures} creates failed in a row, the last with: ${facts.lastFailure ?? "no message"}${next}`,
    };
  }
  if (facts.brakes.length > 0) {
    return {
      status: false,
      reason: "Braked",
      message: "a node with machines of the pool is braked; the condition Degraded says more",
    };
  }
  // Whatever a silent node was making is not coming before it is heard, and what it holds takes its place.
  const booked = facts.silentNodes.some(
    ({ making, ready: claimable, others }) => making + claimable + others > 0,
  );
  if (!facts.onTheirWay && booked) {
    return { status: false, reason: "NodeSilent", message: silentText(facts.silentNodes) };
  }
  if (facts.onTheirWay) return { status: true, reason: "Refilling", message: "machines are being created" };
  if (facts.population >= facts.spec.maxSize) {
    return {
      status: false,
      reason: "AtMaxSize",
      message: `all ${facts.spec.maxSize} machines that maxSize allows exist; release some or raise maxSize`,
    };
  }
  if (!facts.hasRoom && !facts.onTheirWay) {
    return {
      status: false,
      reason: "NoRoom",
      message: "no open node has room; the condition CapacityAvailable says for what",
    };
  }
  return { status: true, reason: "Refilling", message: "machines are being created" };
}

function dated<Type extends ConditionType>(
  type: Type,
  now: Statement<Type>,
  facts: PoolFacts,
): PoolCondition {
  const before = facts.stored.find((condition) => condition.type === type);
  const stands = before !== undefined && before.status === now.status && before.reason === now.reason;
  return { type, ...now, since: stands ? before.since : facts.now };
}
