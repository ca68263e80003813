import { isAmiss } from "../../contract/amiss.ts";
import type { PoolView } from "../../contract/pool.ts";
import { listOf, more, oneOf } from "../terminal/listing.ts";
import { fields, table } from "../terminal/table.ts";
import type { Column, Field } from "../terminal/table.ts";
import { duration } from "../terminal/time.ts";
import { concerns } from "./concerns.ts";
import type { Command } from "../terminal/said.ts";

/** Pools in words. Pure. */

const COLUMNS: Column<PoolView>[] = [
  { title: "POOL", value: (pool) => pool.name, keep: true },
  {
    title: "READY",
    value: (pool) => `${pool.claimable}/${pool.spec.targetSize}`,
    raw: (pool) => pool.claimable,
    align: "right",
    keep: true,
  },
  { title: "NEW", value: (pool) => pool.counts.provisioning, align: "right", keep: true },
  { title: "SUSPECT", value: (pool) => pool.counts.suspect, align: "right", keep: true },
  { title: "IN USE", value: (pool) => pool.counts.assigned, align: "right", keep: true },
  { title: "HELD", value: (pool) => pool.counts.held, align: "right", keep: true },
  { title: "LEAVING", value: (pool) => pool.counts.deleting, align: "right", keep: true },
  { title: "WAIT", value: (pool) => pool.waiting, align: "right", keep: true },
  {
    title: "",
    name: "NOTE",
    value: (pool) =>
      [pool.isDefault ? "default" : "", pool.paused ? "paused" : ""].filter(Boolean).join(", "),
    keep: true,
  },
  more("TARGET", ({ spec }) => spec.targetSize),
  more("MAX", ({ spec }) => spec.maxSize),
  more("RECIPE", ({ spec }) => spec.recipe),
  more("IMAGE", ({ spec }) => spec.image),
  more("TYPE", ({ spec }) => spec.instanceType),
  more("AMISS", ({ conditions }) =>
    conditions
      .filter(isAmiss)
      .map(({ reason }) => reason)
      .join(" "),
  ),
  more("MADE", ({ createdAt }) => createdAt),
];
export const POOLS = listOf(COLUMNS);
export const POOL = oneOf(COLUMNS);

/** A line for each pool: ready of wanted, then its machines by what they are doing. */
export function poolTable(pools: PoolView[], columns: number): string[] {
  return table(COLUMNS, pools, columns);
}

/** The pool's line in the table, what is amiss with it, and its spec. `command` makes a command line to try. */
export function poolLines(pool: PoolView, command: Command, columns: number, now: number): string[] {
  const { spec, runway } = pool;
  const amiss = concerns([pool], { command, columns, now, saidOfNodes: false });
  const pairs: Field[] = [
    ["wanted", `${spec.targetSize} ready, ${spec.maxSize} machines at most`],
    ["shape", `${spec.shape.vcpus} vCPU, ${spec.shape.memoryMib} MiB memory, ${spec.shape.diskGib} GiB disk`],
    ["image", `${spec.image} (${spec.instanceType})`],
    ["recipe", spec.recipe],
    ["nodes", nodesText(spec)],
    ["admin keys", `${spec.adminSshKeys.length}, ${spec.keepAdminKeys ? "kept" : "removed"} at hand-over`],
    ["sudo", spec.sudo ? "testers may use it" : null],
    ["health", spec.healthCommand ?? null],
    ["ready when", spec.readyCommand ?? null],
    ["reached when", spec.accessCommand ?? null],
    ["create timeout", duration(spec.bootTimeoutSeconds)],
    ["replaced after", failedProbes(spec.failureThreshold)],
    ["testers' time", spec.assignmentTtlSeconds === undefined ? null : duration(spec.assignmentTtlSeconds)],
    ["hold if failed", spec.holdFailedSeconds === 0 ? "no" : `for ${duration(spec.holdFailedSeconds)}`],
    ["replaced at age", spec.machineTtlSeconds === undefined ? null : duration(spec.machineTtlSeconds)],
    ["runway", runway === null ? null : runwayText(runway)],
  ];
  return [...poolTable([pool], columns), ...amiss, "", ...fields(pairs, columns)];
}

function failedProbes(count: number): string {
  return count === 1 ? "1 failed probe" : `${count} failed probes in a row`;
}

function nodesText({ nodes, nodeLabels }: PoolView["spec"]): string {
  const named = nodes === undefined ? "any" : nodes.join(", ");
  return nodeLabels === undefined || nodeLabels.length === 0
    ? named
    : `${named} with the ${nodeLabels.length === 1 ? "label" : "labels"} ${nodeLabels.join(", ")}`;
}

function runwayText({
  claimsPerHour,
  emptyInSeconds,
  refillSeconds,
}: NonNullable<PoolView["runway"]>): string {
  const empty = emptyInSeconds === null ? "" : `, empty in ${duration(emptyInSeconds)} at this rate`;
  const refill = refillSeconds === null ? "" : `; a refill takes ${duration(refillSeconds)}`;
  return `${claimsPerHour} ${claimsPerHour === 1 ? "claim" : "claims"} an hour${empty}${refill}`;
}
