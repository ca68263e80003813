import { DriverError, type DriverMachine } from "../../../src/relay/driver.ts";
import { type Deployment, machineResult, type Workload } from "./answers.ts";
import { MACHINE } from "./deployment.ts";
import type { Contract, Grid } from "./grid.ts";
import { type Marked, readMark } from "./mark.ts";
import type { Settings } from "./settings.ts";

/** All that there is of a machine under one contract: the contract, what stands on the node, or both. */
export type Part = { contract: number; isPaid: boolean; marked: Marked; deployment: Deployment | null };
/** There are several parts if a killed create was repeated. */
export type Machine = { name: string; parts: Part[] };
export type Sight = {
  /** Of this account and node, of any owner in Warmpool. A name with parts of two owners is two machines. */
  machines: Machine[];
  /** What of this account stands on the node, Warmpool's or not. */
  deployments: Deployment[];
};

/** So many contracts may be too new for the index. Each is a call. */
const MOST_NEW = 200;

/**
 * What of Warmpool there is on the node. The contract is asked for before the deployment: the one is there earlier and
 * gone earlier, so that nothing passes between the two looks unseen.
 */
export async function look(grid: Grid, { twin }: Settings, signal: AbortSignal): Promise<Sight> {
  const contracts = await paid(grid, signal);
  const deployments = (await grid.deployments(signal)).filter((one) => one.twin_id === twin);
  const parts = new Map<number, Part>();
  for (const { id, twin: its, data } of contracts) {
    const marked = its === twin ? readMark(data) : null;
    if (marked !== null) parts.set(id, { contract: id, isPaid: true, marked, deployment: null });
  }
  for (const deployment of deployments) {
    const { contract_id: contract, metadata } = deployment;
    const known = parts.get(contract);
    const marked = known?.marked ?? readMark(metadata);
    if (marked === null || isGone(deployment)) continue;
    parts.set(contract, { contract, isPaid: known !== undefined, marked, deployment });
  }
  const machines = new Map<string, Machine>();
  for (const part of parts.values()) {
    const { installation, node, name } = part.marked;
    const key = JSON.stringify([installation, node, name]);
    const machine = machines.get(key) ?? { name, parts: [] };
    machine.parts.push(part);
    machines.set(key, machine);
  }
  return { machines: [...machines.values()], deployments };
}

/** The chain says which contracts there are, the index what is written beside them; it is some blocks behind. */
async function paid(grid: Grid, signal: AbortSignal): Promise<Contract[]> {
  const indexed = new Map((await grid.indexed(signal)).map((contract) => [contract.id, contract]));
  const found: Contract[] = [];
  let asked = 0;
  for (const id of await grid.active(signal)) {
    const known = indexed.get(id);
    if (known === undefined && ++asked > MOST_NEW)
      throw new DriverError("retry", `The index of the chain lacks more than ${MOST_NEW} contracts`);
    const contract = known ?? (await grid.contract(id, signal));
    if (contract !== null) found.push(contract);
  }
  return found;
}

/** The node keeps the record of a deployment for a while after it has removed all of it. */
function isGone({ workloads }: Deployment): boolean {
  return workloads.every(({ result }) => result.state === "deleted");
}

/** The workload that is the machine itself. */
export function virtualMachine({ deployment }: Part): Workload | null {
  return deployment?.workloads.find(({ type }) => type === MACHINE) ?? null;
}

export function addressOf(part: Part): string | null {
  const result = machineResult.safeParse(virtualMachine(part)?.result.data).data;
  return result?.mycelium_ip ?? result?.planetary_ip ?? null;
}

export function stateOf(part: Part): DriverMachine["state"] {
  const state = virtualMachine(part)?.result.state;
  if (!part.isPaid || addressOf(part) === null) return "unknown";
  return state === "ok" ? "running" : state === "paused" ? "stopped" : "unknown";
}

/** The one to speak of: whole, if one is. */
export function mainPart({ name, parts }: Machine): Part {
  const part = parts.find((one) => stateOf(one) !== "unknown") ?? parts[0];
  if (part === undefined) throw new Error(`${name} has no part`);
  return part;
}

export function describe(machine: Machine): DriverMachine {
  const part = mainPart(machine);
  const { installation, node, machine: named, port } = part.marked;
  const address = addressOf(part);
  // Port 0 stands for nowhere (serve.ts).
  const ssh = { host: address ?? "127.0.0.1", port: address === null ? 0 : port };
  return {
    name: machine.name,
    ref: `contract ${part.contract}`,
    state: stateOf(part),
    mark: { installation, node, machine: named },
    ssh,
    access: ssh,
  };
}
