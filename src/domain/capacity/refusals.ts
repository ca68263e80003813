import type { KeptInventory } from "../../contract/node.ts";
import type { InstanceType } from "../../contract/pool.ts";
import type { FullFor } from "../../db/tables/nodes.ts";
import { canonical, sha256 } from "../core/hash.ts";

/**
 * A node that has said "no capacity" is not asked again for that shape until its inventory changes. What the failed
 * create itself changes on the way does not count: the picture to compare with is taken when nothing of ours is being
 * made or removed there. Pure but for the hash.
 */

/** A shape's name: `4x8192x100 container`, of virtual CPUs, MiB and GiB. What is refused to one type the other may get. */
export function nameOfShape(
  shape: { vcpus: number; memoryMib: number; diskGib: number },
  instanceType: InstanceType | null,
): string {
  const name = `${shape.vcpus}x${shape.memoryMib}x${shape.diskGib}`;
  return instanceType === null ? name : `${name} ${instanceType}`;
}

/** What of an inventory has to differ to be worth another try: not the memory that comes and goes by itself. */
export async function pictureOf({
  cpus,
  memoryMib,
  disks,
  machines,
  limits,
  overheads,
  forbids,
  policy,
}: KeptInventory): Promise<string> {
  const standing = (machines ?? []).map((machine) => canonical(machine)).toSorted();
  const devices = disks.map(({ name, totalGib, usedGib }) => [
    name,
    Math.round(totalGib),
    Math.round(usedGib),
  ]);
  const seen = {
    cpus,
    total: memoryMib.total,
    devices,
    standing,
    limits: limits ?? null,
    overheads: overheads ?? null,
    forbids: forbids ?? null,
    policy: policy ?? null,
  };
  return (await sha256(canonical(seen))).slice(0, 16);
}

/** The refusals that remain with this inventory. @param settled no machine is being created or removed there */
export function stillFull(full: FullFor, picture: string, settled: boolean): FullFor {
  const kept = Object.entries(full).flatMap(([shape, refusal]): [string, FullFor[string]][] => {
    if (refusal.inventory === null) return [[shape, { ...refusal, inventory: settled ? picture : null }]];
    return refusal.inventory === picture ? [[shape, refusal]] : [];
  });
  return Object.fromEntries(kept);
}
