import type { Standing } from "../../../src/domain/supply/preview.ts";
import { lackOf, planPool, type PoolSituation } from "../../../src/domain/supply/plan.ts";
import { givesWayFirst } from "../../../src/domain/supply/rollout.ts";

/**
 * A rollout played through in memory, by the plan itself and by the rule that applies it: pools that share nodes, creates
 * and deletes that take as long as they are said to, and a node's line that does two of them at a time.
 */
export type Pool = { name: string; targetSize: number; maxSize: number; testers: number };
export type Site = {
  pools: readonly Pool[];
  /** Machines that fit on each node beside those of the start. */
  spare: readonly number[];
  /** In ticks, of which one is a sweep. */
  createTicks: number;
  deleteTicks: number;
  /** A machine is claimed every so many ticks; never where it is 0. */
  claimEvery: number;
  /** Whether the first node is drained instead of the spec being changed. */
  drains: boolean;
};

type Machine = {
  name: string;
  pool: string;
  node: number;
  state: "provisioning" | "ready" | "assigned" | "deleting";
  stale: boolean;
  readyAt: number;
  /** Ticks that its create or delete still takes; it is in its node's line. */
  left: number;
};

const AT_A_TIME = 2;

export class Simulation {
  readonly #site: Site;
  readonly #capacity: number[];
  machines: Machine[] = [];
  #made = 0;
  #now = 0;
  claims: Record<string, number> = {};
  /** Names, in the order in which they were taken down. */
  takenDown: string[] = [];

  constructor(site: Site) {
    this.#site = site;
    for (const pool of site.pools) {
      for (let tester = 0; tester < pool.testers; tester += 1) this.#add(pool.name, "assigned", true);
      const ready = Math.min(pool.targetSize, pool.maxSize - pool.testers);
      for (let one = 0; one < ready; one += 1) this.#add(pool.name, "ready", true);
    }
    this.#capacity = site.spare.map((spare, node) => this.#on(node).length + spare);
  }

  ready(pool: string): number {
    return this.#of(pool).filter(({ state }) => state === "ready").length;
  }

  /** What `planChange` looks at before anything happens. */
  standing(pool: string): Standing[] {
    return this.#of(pool)
      .toSorted((one, other) => one.readyAt - other.readyAt)
      .map(({ name, node, state, stale }) => ({
        name,
        node: `n${node}`,
        state,
        isStale: stale && !this.#site.drains,
        isDraining: this.#drained(node),
        isOnline: true,
        isBraked: false,
        isSilent: false,
        isFailedCreate: false,
      }));
  }

  givingWay(pool: string): string[] {
    return this.#of(pool)
      .filter((machine) => machine.state !== "assigned" && this.#givesWay(machine))
      .map(({ name }) => name);
  }

  /** One sweep, and what the nodes do until the next. */
  tick(): void {
    this.#now += 1;
    for (const { name } of this.#site.pools) this.#claim(name);
    const byShortage = this.#site.pools.toSorted(
      (one, other) => this.#stocked(one) / one.targetSize - this.#stocked(other) / other.targetSize,
    );
    for (const pool of byShortage) this.#replenish(pool);
    for (const pool of this.#site.pools) this.#shrink(pool);
    for (const node of this.#capacity.keys()) this.#work(node);
  }

  #replenish(pool: Pool): void {
    const situation = this.#situation(pool);
    const plan = planPool(situation);
    let created = 0;
    while (created < plan.create && this.#place(pool.name)) created += 1;
    if (!givesWayFirst(situation, plan, created)) return;
    const elsewhere = this.#roomiest() !== undefined;
    if (plan.replace === "after" && elsewhere) return;
    this.#takeDown(this.#readyOf(pool.name).find((machine) => this.#mayReplace(machine, elsewhere)));
  }

  #mayReplace(machine: Machine, elsewhere: boolean): boolean {
    if (!this.#givesWay(machine)) return false;
    return elsewhere || !this.#drained(machine.node);
  }

  #shrink(pool: Pool): void {
    if (planPool(this.#situation(pool)).shrink === 0) return;
    const [first] = this.#readyOf(pool.name).toSorted(
      (one, other) => Number(this.#givesWay(other)) - Number(this.#givesWay(one)),
    );
    this.#takeDown(first);
  }

  #situation({ name, targetSize, maxSize }: Pool): PoolSituation {
    const count = (state: Machine["state"]) =>
      this.#of(name).filter((machine) => machine.state === state).length;
    const situation = {
      targetSize,
      maxSize,
      waiting: 0,
      counts: {
        provisioning: count("provisioning"),
        ready: count("ready"),
        suspect: 0,
        assigned: count("assigned"),
        held: 0,
        deleting: count("deleting"),
      },
      readyOffline: 0,
      failedCreatesDeleting: 0,
      staleReady: this.#readyOf(name).filter((machine) => this.#givesWay(machine)).length,
      lately: count("deleting"),
      stuckReplaced: 0,
      outOfReach: { provisioning: 0, suspect: 0, population: 0 },
      paused: false,
      createFailures: 0,
      backoffOver: true,
    };
    if (lackOf(situation).room < 0) throw new Error("room below zero");
    return situation;
  }

  #claim(pool: string): void {
    const { claimEvery } = this.#site;
    if (claimEvery === 0 || this.#now % claimEvery !== 0) return;
    const [first] = this.#readyOf(pool);
    if (first === undefined) return;
    first.state = "assigned";
    this.claims[pool] = (this.claims[pool] ?? 0) + 1;
  }

  /** Deletes before creates, and what is begun is finished. */
  #work(node: number): void {
    const line = this.#on(node)
      .filter(({ state }) => state === "deleting" || state === "provisioning")
      .toSorted((one, other) => begun(other, this.#site) - begun(one, this.#site));
    for (const machine of line.slice(0, AT_A_TIME)) {
      machine.left -= 1;
      if (machine.left > 0) continue;
      if (machine.state === "deleting") this.machines = this.machines.filter((one) => one !== machine);
      else {
        machine.state = "ready";
        machine.readyAt = this.#now;
      }
    }
  }

  #place(pool: string): boolean {
    const node = this.#roomiest();
    if (node === undefined) return false;
    this.#add(pool, "provisioning", false, node);
    return true;
  }

  #roomiest(): number | undefined {
    return [...this.#capacity.keys()].find(
      (node) => !this.#drained(node) && this.#on(node).length < (this.#capacity[node] ?? 0),
    );
  }

  #takeDown(machine: Machine | undefined): void {
    if (machine === undefined) return;
    machine.state = "deleting";
    machine.left = this.#site.deleteTicks;
    this.takenDown.push(machine.name);
  }

  #add(
    pool: string,
    state: Machine["state"],
    stale: boolean,
    node = this.#made % this.#site.spare.length,
  ): void {
    this.#made += 1;
    const name = `${pool}-${this.#made}`;
    this.machines.push({ name, pool, node, state, stale, readyAt: this.#made, left: this.#site.createTicks });
  }

  #givesWay({ stale, node }: Machine): boolean {
    return this.#site.drains ? this.#drained(node) : stale;
  }

  #drained(node: number): boolean {
    return this.#site.drains && node === 0;
  }

  #stocked({ name }: Pool): number {
    return this.#of(name).filter(({ state }) => state === "ready" || state === "provisioning").length;
  }

  #of(pool: string): Machine[] {
    return this.machines.filter((machine) => machine.pool === pool);
  }

  #readyOf(pool: string): Machine[] {
    return this.#of(pool)
      .filter(({ state }) => state === "ready")
      .toSorted((one, other) => one.readyAt - other.readyAt);
  }

  #on(node: number): Machine[] {
    return this.machines.filter((machine) => machine.node === node);
  }
}

function begun({ state, left }: Machine, { createTicks, deleteTicks }: Site): number {
  if (left < (state === "deleting" ? deleteTicks : createTicks)) return 2;
  return state === "deleting" ? 1 : 0;
}
