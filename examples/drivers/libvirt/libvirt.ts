import {
  type Driver,
  type DriverListing,
  type DriverMachine,
  CALL_SECONDS,
  DriverError,
} from "../../../src/relay/driver.ts";
import { tail } from "../../../src/relay/text.ts";
import { readCapacity } from "./capacity.ts";
import { createMachine } from "./create.ts";
import { removeMachine, startMachine, stopMachine } from "./change.ts";
import { asDriverError } from "./failures.ts";
import { look, type Machine, STATE } from "./look.ts";
import { type Owner, volumeName } from "./mark.ts";
import { SCRATCH, withScratch } from "./scratch.ts";
import type { Settings } from "./settings.ts";
import { virshOf } from "./virsh.ts";

const CONSOLE_CHARACTERS = 60_000;

/** Machines that are domains of libvirt with volumes in one storage pool. */
export function libvirtDriver(owner: Owner, settings: Settings): Driver {
  const virsh = virshOf(settings);
  const { pool } = settings;

  const see = (signal: AbortSignal) => look(virsh, pool, owner, signal);
  const place = { virsh, pool, see };

  const find = async (name: string, signal: AbortSignal): Promise<DriverMachine | null> => {
    const machine = (await see(signal)).machines.get(name);
    return machine === undefined ? null : described(machine);
  };

  return {
    name: "libvirt",
    callSeconds: CALL_SECONDS,

    async version(): Promise<string> {
      const signal = new AbortController().signal;
      const said = await virsh(["version"], { signal }).catch(known("version"));
      const [, using, running] = /Using library: (.*)[^]*Running hypervisor: (.*)/.exec(said) ?? [];
      return `libvirt 1 (${using ?? "libvirt"}, ${running ?? "unknown hypervisor"})`;
    },

    async create(request, signal): Promise<DriverMachine> {
      const { name, instanceType } = request;
      assertName(name);
      if (instanceType !== "virtual-machine") {
        throw new DriverError(
          "failed",
          `This driver makes virtual machines only: the pool's instanceType is ${instanceType}`,
        );
      }
      const doing = `create of ${name}`;
      await createMachine(place, settings, owner, request, signal).catch(known(doing));
      const made = await find(name, signal).catch(known(doing));
      if (made !== null) return made;
      throw new DriverError("failed", `${doing} succeeded, but now there is no such machine`);
    },

    get: (name, signal) => find(name, signal).catch(known(`get of ${name}`)),

    async list(signal): Promise<DriverListing> {
      const { machines } = await see(signal).catch(known("list"));
      // What could not be asked is an error, so a listing that comes back is whole.
      return { complete: true, machines: [...machines.values()].map(described), storageProof: "volumes" };
    },

    start: (name, signal) => startMachine(place, name, signal).catch(known(`start of ${name}`)),
    stop: (name, signal) => stopMachine(place, name, signal).catch(known(`stop of ${name}`)),
    delete: (name, signal) => removeMachine(place, name, signal).catch(known(`delete of ${name}`)),
    capacity: (signal) => readCapacity(virsh, pool, signal).catch(known("capacity")),

    async evidence(name, signal): Promise<Record<string, string>> {
      const volume = volumeName(owner, name, "console");
      const from = ["vol-download", "--pool", pool, "--vol", volume, "--file", SCRATCH];
      const said = await withScratch(async (file) => {
        await virsh(from, { signal, file: file.fd });
        return file.readFile("utf8");
      }).catch(known(`the console of ${name}`));
      return { console: tail(said, CONSOLE_CHARACTERS) };
    },
  };
}

function known(doing: string): (error: unknown) => never {
  return (error) => {
    throw asDriverError(error, doing);
  };
}

function described({ name, domain, volumes }: Machine): DriverMachine {
  const address = { host: "127.0.0.1", port: domain?.mark.port ?? 0 };
  const ref = domain?.name ?? volumes[0]?.name ?? name;
  return {
    ...{ name, ref, state: stateOf(domain?.state, volumes), ssh: address, access: address },
    ...(domain === null ? {} : markOf(domain)),
  };
}

function markOf({ mark, copied }: NonNullable<Machine["domain"]>): Pick<DriverMachine, "mark" | "copied"> {
  const { installation, node, name: machine } = mark;
  return { mark: { installation, node, machine }, ...(copied ? { copied } : {}) };
}

function stateOf(state: number | undefined, volumes: Machine["volumes"]): DriverMachine["state"] {
  if (state === STATE.running || state === STATE.blocked) return "running";
  const isWhole = [".disk", ".seed"].every((part) => volumes.some((volume) => volume.name.endsWith(part)));
  return state === STATE.off && isWhole ? "stopped" : "unknown";
}

/** A name becomes part of XML, of file names and of a host name. */
function assertName(name: string): void {
  if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) return;
  const must = "lower-case letters, digits and -, 63 at most";
  throw new DriverError("failed", `${JSON.stringify(name)} cannot be a machine's name: ${must}`);
}
