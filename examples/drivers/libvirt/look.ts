import { DriverError } from "../../../src/relay/driver.ts";
import { isOwn, type Mark, machineOf, type Owner, readMark, readUuid } from "./mark.ts";
import { together, type Virsh } from "./virsh.ts";

/**
 * What stands on this host, as libvirt tells it at this moment; nothing is remembered. What could not be asked is an
 * error, never an empty answer.
 */
export type Domain = {
  name: string;
  state: number;
  memoryMib: number;
  mark: Mark | null;
  /** Whether libvirt knows it by another id than at its create. */
  copied: boolean;
};

/** `domain` is null for volumes alone. `path` of a volume is where the hypervisor finds it. */
export type Machine = { name: string; domain: (Domain & { mark: Mark }) | null; volumes: Volume[] };
export type Volume = { name: string; path: string };

export type Sight = {
  /** Of everybody, for what is taken. */
  domains: Domain[];
  volumes: Volume[];
  /** This owner's, by name. */
  machines: Map<string, Machine>;
};

/** virDomainState */
export const STATE = { running: 1, blocked: 2, paused: 3, off: 5 } as const;

export async function look(virsh: Virsh, pool: string, owner: Owner, signal: AbortSignal): Promise<Sight> {
  // Domains first: a machine that is being made is then seen by its volumes.
  const domains = await lookAtDomains(virsh, signal);
  const volumes = readVolumes(await virsh(["vol-list", "--pool", pool], { signal }));
  const machines = new Map<string, Machine>();
  const machine = (name: string): Machine => {
    const found = machines.get(name) ?? { name, domain: null, volumes: [] };
    machines.set(name, found);
    return found;
  };
  for (const domain of domains) {
    const { mark } = domain;
    // By its own name: one that a person renamed or cloned has another's in its mark.
    if (mark !== null && isOwn(owner, mark)) machine(domain.name).domain = { ...domain, mark };
  }
  for (const volume of volumes) {
    const name = machineOf(owner, volume.name);
    if (name !== null) machine(name).volumes.push(volume);
  }
  return { domains, volumes, machines };
}

const TRIES = 5;
/** Domains whose XML is asked for at once: a command line has an end. */
const BATCH = 200;

async function lookAtDomains(virsh: Virsh, signal: AbortSignal): Promise<Domain[]> {
  for (let tries = 0; tries < TRIES; tries++) {
    const shown = readStatistics(await virsh(["domstats", "--state", "--balloon", "--nowait"], { signal }));
    const marks: Pick<Domain, "mark" | "copied">[] = [];
    for (let start = 0; start < shown.length; start += BATCH) {
      const names = shown.slice(start, start + BATCH).map(({ name }) => ["dumpxml", name]);
      // One that has gone meanwhile has no XML, which shows in their number.
      const printed = await virsh(together([...names, ["version"]]), { signal });
      const documents = printed.split(/^<\/domain>$/m).slice(0, -1);
      if (documents.length === names.length) marks.push(...documents.map(marksOf));
    }
    if (marks.length === shown.length)
      return shown.map((one, index) => ({ ...one, ...(marks[index] ?? { mark: null, copied: false }) }));
  }
  throw new DriverError(
    "retry",
    `In ${TRIES} attempts, domains were created or removed between every two calls of virsh`,
  );
}

function marksOf(domainXml: string): Pick<Domain, "mark" | "copied"> {
  const mark = readMark(domainXml);
  return { mark, copied: mark?.uuid !== undefined && mark.uuid !== readUuid(domainXml) };
}

function readStatistics(printed: string): Omit<Domain, "mark" | "copied">[] {
  return printed
    .split(/^(?=Domain: ')/m)
    .filter((block) => block.trim() !== "")
    .map((block) => {
      const name = /^Domain: '(.*)'$/m.exec(block)?.[1];
      const state = /^\s*state\.state=(\d+)$/m.exec(block)?.[1];
      const kib = /^\s*balloon\.maximum=(\d+)$/m.exec(block)?.[1];
      if (name === undefined || state === undefined) {
        throw new DriverError("failed", `virsh domstats printed what cannot be read: ${block.slice(0, 200)}`);
      }
      return { name, state: Number(state), memoryMib: Math.ceil(Number(kib ?? 0) / 1024) };
    });
}

function readVolumes(printed: string): Volume[] {
  return [...printed.matchAll(/^ *(\S+) +(\/.*\S) *$/gm)].map(([, name = "", path = ""]) => ({ name, path }));
}
