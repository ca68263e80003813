import { setTimeout as delay } from "node:timers/promises";
import type { Chain } from "./chain.ts";
import {
  begun,
  type Deployment,
  type MachineData,
  result,
  type Wanted,
  type Workload,
} from "./deployments.ts";
import { type Device, Storage } from "./storage.ts";

/** What runs the machines: `boot` returns the address on the overlay. All are named by their contract. */
export type Hypervisor = {
  boot(contract: number, data: MachineData): Promise<string>;
  stop(contract: number): Promise<void>;
  start(contract: number): Promise<void>;
  destroy(contract: number): Promise<void>;
};

export type NodeOptions = {
  devices: readonly Device[];
  memoryMib: number;
  cpus: number;
  /** Milliseconds until the node notices that a contract is cancelled. */
  noticeMs: number;
  /** Whether the disks of what is removed from now on stay where they are. */
  leaks: boolean;
};

const MIB = 2 ** 20;

/** A node: sets up what a contract pays for, and takes it down some time after the contract has ended. */
export class Node {
  /** May be changed at any time. */
  readonly options: NodeOptions;
  readonly storage: Storage;
  readonly #hypervisor: Hypervisor;
  readonly #deployments = new Map<number, Deployment>();
  /** What is under way with each, one after the other. */
  readonly #busy = new Map<number, Promise<unknown>>();

  constructor(options: NodeOptions, chain: Chain, hypervisor: Hypervisor) {
    this.options = options;
    this.storage = new Storage(options.devices);
    this.#hypervisor = hypervisor;
    chain.onCancelled((id) => void this.#afterwards(id, () => this.#remove(id)));
  }

  /** @throws Error with the message of the workload that could not be set up */
  deploy(contract: { id: number; twin: number }, asked: Wanted): Promise<void> {
    const deployment = begun(contract, asked);
    this.#deployments.set(contract.id, deployment);
    return this.#afterwards(contract.id, async () => {
      for (const workload of deployment.workloads) {
        try {
          workload.result = result("ok", await this.#setUp(contract.id, workload));
        } catch (error) {
          const message = error instanceof Error ? error.message : String(error);
          workload.result = result("error", {}, message);
          throw error;
        }
      }
    });
  }

  /** Not of zos. */
  power(id: number, to: "start" | "stop"): Promise<void> {
    return this.#afterwards(id, async () => {
      const machine = this.#deployments.get(id)?.workloads.find(({ type }) => type === "zmachine-light");
      if (machine === undefined) throw new Error(`no machine under contract ${id}`);
      await this.#hypervisor[to](id);
      machine.result.state = to === "start" ? "ok" : "paused";
    });
  }

  deployments(twin: number): Deployment[] {
    return [...this.#deployments.values()].filter((one) => one.twin_id === twin);
  }

  statistics(): object {
    const { cpus, memoryMib } = this.options;
    const total = memoryMib * MIB;
    const system = Math.max(2048 * MIB, Math.floor(total / 10));
    const of = (cru: number, mru: number) => ({ cru, mru, sru: 0, hru: 0, ipv4u: 0 });
    const machines = this.#machines().map(({ data }) => data.compute_capacity);
    const cru = machines.reduce((sum, { cpu }) => sum + cpu, 0);
    const mru = machines.reduce((sum, { memory }) => sum + memory, system);
    return { total: of(cpus, total), used: of(cru, mru), system: of(0, system) };
  }

  /** Takes down all that stands, and waits for what is under way. */
  async close(): Promise<void> {
    for (const id of [...this.#deployments.keys()]) await this.#afterwards(id, () => this.#takeDown(id));
  }

  async #setUp(id: number, workload: Workload): Promise<object> {
    if (workload.type === "network-light") return {};
    if (workload.type === "zmount") {
      this.storage.add(`${id}-${workload.name}`, workload.data.size);
      return { volume_id: `${id}-${workload.name}` };
    }
    const { total, used } = this.statistics() as Record<"total" | "used", { mru: number }>;
    // This machine counts as used already.
    if (used.mru > total.mru) throw new Error("cannot fulfil required memory size");
    this.storage.add(`rootfs:${id}`, workload.data.size);
    return { id: `${id}`, ip: "10.20.2.2", mycelium_ip: await this.#hypervisor.boot(id, workload.data) };
  }

  async #remove(id: number): Promise<void> {
    await delay(this.options.noticeMs);
    await this.#takeDown(id);
  }

  async #takeDown(id: number): Promise<void> {
    const deployment = this.#deployments.get(id);
    if (deployment === undefined) return;
    await this.#hypervisor.destroy(id);
    if (!this.options.leaks) {
      this.storage.remove(`rootfs:${id}`);
      for (const { name } of deployment.workloads) this.storage.remove(`${id}-${name}`);
    }
    this.#deployments.delete(id);
  }

  #machines(): Extract<Workload, { type: "zmachine-light" }>[] {
    return [...this.#deployments.values()]
      .flatMap(({ workloads }) => workloads)
      .filter((one) => one.type === "zmachine-light")
      .filter(({ result: { state } }) => state !== "error");
  }

  #afterwards<T>(id: number, act: () => Promise<T>): Promise<T> {
    const next = (this.#busy.get(id) ?? Promise.resolve()).catch(() => undefined).then(act);
    this.#busy.set(id, next);
    // The caller that asked for it gets the error; what nobody asked for is tried again by `close`.
    next.catch(() => undefined);
    return next;
  }
}
