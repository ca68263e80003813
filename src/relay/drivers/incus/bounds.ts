import { createHash } from "node:crypto";
import type { Inventory } from "../../../contract/node.ts";
import type { InstanceType } from "../../../contract/pool.ts";
import type { HostResources, Profile, Project } from "./answers.ts";
import type { Place } from "./place.ts";
import { bytes, cpus, processesOf, whole } from "./sizes.ts";

/**
 * What the project and the profile of Warmpool's machines bound and forbid, as Incus 6 judges a create. Pure. What is not
 * foreseen here Incus refuses, and its words become the reason that is shown (failures.ts).
 */
type Limits = NonNullable<Inventory["limits"]>;
type Forbids = NonNullable<Inventory["forbids"]>;

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const DISK_POOL = "limits.disk.pool.";

/** What the project bounds; null where it bounds nothing. Each counts for itself: the smallest binds. */
export function boundsOf(config: Project["config"], host: HostResources): Limits | null {
  const memory = bytes(config["limits.memory"], host.memory.total);
  const disk = bytes(config["limits.disk"], null);
  const devices = Object.entries(config).flatMap(([key, value]) => {
    const bound = bytes(value, null);
    return key.startsWith(DISK_POOL) && bound !== null
      ? [{ device: key.slice(DISK_POOL.length), gib: bound / GIB }]
      : [];
  });
  const bounds: Limits = {
    ...set("machines", whole(config["limits.instances"])),
    ...set("containers", whole(config["limits.containers"])),
    ...set("virtualMachines", whole(config["limits.virtual-machines"])),
    ...set("processes", whole(config["limits.processes"])),
    ...set("vcpus", cpus(config["limits.cpu"])),
    ...set("memoryMib", memory === null ? null : Math.floor(memory / MIB)),
    ...set("diskGib", disk === null ? null : disk / GIB),
    ...(devices.length === 0 ? {} : { devices }),
  };
  return Object.keys(bounds).length === 0 ? null : bounds;
}

function set<Key extends keyof Limits>(key: Key, bound: number | null): Partial<Record<Key, number>> {
  const bounds: Partial<Record<Key, number>> = {};
  if (bound !== null) bounds[key] = bound;
  return bounds;
}

/** Whether the project hides the storage pool of the machines: nothing in it can even be looked at then. */
export function hidesPool(config: Project["config"], storagePool: string): boolean {
  return config[`${DISK_POOL}${storagePool}`] === "0";
}

/** Why every machine of a type would be refused by how the project and the profile are set up. */
export function forbidsOf(project: Project, profile: Profile, place: Place): Forbids {
  const all = [
    ...restrictedDevices(project, profile).map((why) => ({ why, types: BOTH })),
    ...imageServers(project).map((why) => ({ why, types: BOTH })),
    ...proxies(project).map((why) => ({ why, types: CONTAINER })),
    ...processes(project, profile, place).map((why) => ({ why, types: CONTAINER })),
  ];
  return BOTH.flatMap((instanceType) => {
    const whys = all.flatMap(({ why, types }) => (types.includes(instanceType) ? [why] : []));
    const why = `${whys.join("; ")} (project ${place.project})`;
    return whys.length === 0 ? [] : [{ instanceType, why: why.slice(0, 1000) }];
  });
}

const CONTAINER: readonly InstanceType[] = ["container"];
const BOTH: readonly InstanceType[] = ["container", "virtual-machine"];

/** What a restricted project does about each type of device where it does not say; a root disk is always allowed. */
const DEVICES = {
  "unix-char": "block",
  "unix-block": "block",
  "unix-hotplug": "block",
  infiniband: "block",
  gpu: "block",
  usb: "block",
  pci: "block",
  proxy: "block",
  nic: "managed",
  disk: "managed",
} as const;

function isRestricted({ config }: Project): boolean {
  return /^(true|1|yes|on)$/i.test(config["restricted"] ?? "");
}

/** Containers are reached through proxy devices, which a restricted project blocks unless it is told. */
function proxies(project: Project): string[] {
  if (!isRestricted(project) || project.config["restricted.devices.proxy"] === "allow") return [];
  return ["restricted.devices.proxy is not allow, but containers are reached through proxy devices"];
}

function restrictedDevices(project: Project, { devices }: Profile): string[] {
  if (!isRestricted(project)) return [];
  const config = new Map(Object.entries(project.config));
  return Object.entries(devices).flatMap(([name, device]) => {
    const type = Object.keys(DEVICES).find(
      (known): known is keyof typeof DEVICES => known === device["type"],
    );
    if (type === undefined || (type === "disk" && device["path"] === "/")) return [];
    const key = `restricted.devices.${type}`;
    const rule = config.get(key) ?? DEVICES[type];
    const isManaged = device[type === "nic" ? "network" : "pool"] !== undefined;
    return rule === "allow" || (rule === "managed" && isManaged)
      ? []
      : [`${key} is ${rule}, and the profile has the ${type} device ${name}`];
  });
}

/** An image that is in the project already comes from no server, and so from none that is allowed. */
function imageServers(project: Project): string[] {
  const servers = project.config["restricted.images.servers"] ?? "";
  return isRestricted(project) && servers !== "" ? [`restricted.images.servers allows ${servers} only`] : [];
}

/** Incus counts by what each container is configured to, and refuses one that says nothing. */
function processes({ config }: Project, profile: Profile, place: Place): string[] {
  if (config["limits.processes"] === undefined || processesOf(profile) > 0) return [];
  return [
    `limits.processes is set, but the profile does not set it: \`incus profile set ${place.profile} limits.processes=500 --project ${place.project}\``,
  ];
}

/** Changes with anything in the project or the profile that a refusal may come from. */
export function policyOf(project: Project, profile: Profile): string {
  const sorted = (map: Record<string, unknown>) =>
    Object.entries(map).toSorted(([one], [other]) => (one < other ? -1 : 1));
  const { config, devices } = profile;
  const seen = [
    sorted(project.config),
    sorted(config),
    sorted(Object.fromEntries(Object.entries(devices).map(([name, device]) => [name, sorted(device)]))),
  ];
  return createHash("sha256").update(JSON.stringify(seen)).digest("hex").slice(0, 16);
}
