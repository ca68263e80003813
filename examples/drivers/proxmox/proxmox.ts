import { z } from "zod";
import { CALL_SECONDS, type Driver, DriverError, type DriverMachine } from "../../../src/relay/driver.ts";
import { pause } from "../../../src/relay/time/pause.ts";
import { Refusal } from "../http.ts";
import { apiOf, type Settings } from "./api.ts";
import { clone, giveHostKey } from "./create.ts";

/** Linked clones of templates. A machine's mark is its description, and the guest agent knows its address. */
const text = z.string().max(100_000);
const mark = z.object({ installation: text, node: text, machine: text, name: text, port: z.int() });
const list = z.array(
  z.object({ vmid: z.int(), name: text.optional(), status: text, template: z.unknown().optional() }),
);
const config = z.object({ description: text.default("") });
const tasks = z.array(z.object({ user: text, tokenid: text.optional() }));
const interfaces = z.array(
  z.object({ name: text, "ip-addresses": z.array(z.object({ "ip-address": text })).default([]) }),
);
const host = z.object({
  cpuinfo: z.object({ cpus: z.int() }),
  memory: z.object({ total: z.int(), used: z.int() }),
});
const disk = z.object({ total: z.int(), used: z.int() });
type Vm = z.infer<typeof list>[number] & { mark: z.infer<typeof mark> | null };

const [MIB, GIB, AGAIN_MS] = [2 ** 20, 2 ** 30, 200];

export function proxmoxDriver(owner: { installation: string; node: string }, settings: Settings): Driver {
  const { WARMPOOL_PVE_STORAGE: storage, WARMPOOL_PVE_TOKEN: token, WARMPOOL_PVE_SSH: ssh } = settings;
  const api = apiOf(settings);
  const { call, run } = api;

  /** A clone has neither name nor description until it is done. Our own are waited for: linked, they take a second. */
  async function look(signal: AbortSignal): Promise<Vm[]> {
    const cloning = () => call("GET /tasks?source=active&typefilter=qmclone", tasks, signal);
    while ((await cloning()).some(({ user, tokenid }) => token.startsWith(`${user}!${tokenid}=`)))
      await pause(AGAIN_MS, signal);
    const found: Vm[] = [];
    for (const vm of await call("GET /qemu", list, signal)) {
      const { description } = await orElse(call(`GET /qemu/${vm.vmid}/config`, config, signal), {
        description: "",
      });
      found.push({ ...vm, mark: markOf(description) });
    }
    return found;
  }
  const own = async (signal: AbortSignal) =>
    (await look(signal)).filter(
      (vm) => vm.mark?.installation === owner.installation && vm.mark.node === owner.node,
    );
  const named = async (name: string, signal: AbortSignal) =>
    (await own(signal)).filter((vm) => vm.mark?.name === name);

  async function describe({ vmid, status, mark }: Vm, signal: AbortSignal): Promise<DriverMachine> {
    const { name = "", port = 0, installation = "", node = "", machine = "" } = mark ?? {};
    const ask = () =>
      call(`GET /qemu/${vmid}/agent/network-get-interfaces`, z.object({ result: interfaces }), signal);
    const { result } = status === "running" ? await orElse(ask(), { result: [] }) : { result: [] };
    const hosts = result.filter((one) => one.name !== "lo").flatMap((one) => one["ip-addresses"]);
    const found = hosts.map((one) => one["ip-address"]).find((one) => !one.startsWith("fe80:"));
    const endpoint = { host: found ?? "127.0.0.1", port: found === undefined ? 0 : port };
    const state = status === "running" || status === "stopped" ? status : "unknown";
    return {
      name,
      ref: `${vmid}`,
      state,
      mark: { installation, node, machine },
      ssh: endpoint,
      access: endpoint,
    };
  }

  const power = async (name: string, to: "start" | "stop", signal: AbortSignal) => {
    const vms = await named(name, signal);
    if (to === "start" && vms.length === 0) throw new DriverError("failed", `There is no machine ${name}`);
    const wanted = to === "start" ? "running" : "stopped";
    for (const vm of vms.filter(({ status }) => status !== wanted))
      await run(`POST /qemu/${vm.vmid}/status/${to}`, signal, {});
  };

  async function remove(name: string, signal: AbortSignal): Promise<void> {
    for (;;) {
      const vms = await named(name, signal);
      if (vms.length === 0) return;
      for (const { vmid, status } of vms) {
        // Somebody else may be doing the same: the next look decides.
        if (status !== "stopped") await orElse(run(`POST /qemu/${vmid}/status/stop`, signal, {}), undefined);
        await orElse(run(`DELETE /qemu/${vmid}?purge=1&destroy-unreferenced-disks=1`, signal), undefined);
      }
      await pause(AGAIN_MS, signal);
    }
  }

  async function capacity(signal: AbortSignal) {
    const { cpuinfo, memory } = await call("GET /status", host, signal);
    const { total, used } = await call(`GET /storage/${storage}/status`, disk, signal);
    const totalMib = Math.floor(memory.total / MIB);
    return {
      cpus: cpuinfo.cpus,
      memoryMib: {
        total: totalMib,
        available: Math.max(0, totalMib - Math.ceil(memory.used / MIB)),
        reserve: Math.max(2048, Math.ceil(totalMib / 10)),
      },
      disks: [{ name: storage, totalGib: total / GIB, usedGib: used / GIB, thin: true }],
    };
  }

  return {
    name: "proxmox",
    callSeconds: CALL_SECONDS,
    version: async () => "proxmox 1",
    async create(request, signal) {
      const { name, shape, image } = request;
      const vms = await look(signal);
      if (vms.some(({ mark }) => mark?.name === name))
        throw new DriverError("exists", `There is a machine ${name} already`);
      const template = vms.find((vm) => vm.name === image && Boolean(vm.template));
      if (template === undefined) throw new DriverError("failed", `There is no template ${image}`);
      const { memoryMib, disks } = await capacity(signal);
      const room = Math.max(...disks.map(({ totalGib, usedGib }) => totalGib - usedGib));
      if (shape.memoryMib > memoryMib.available || shape.diskGib > room)
        throw new DriverError("no_capacity", `${name} needs more memory or disk than is left`);
      const port = ssh === "22" ? 22 : request.port;
      const description = JSON.stringify({ ...owner, machine: request.mark?.machine ?? name, name, port });
      const ids = vms.map((vm) => vm.vmid);
      const vmid = await clone(api, { request, template: template.vmid, description, ids }, signal);
      const seen = async () => {
        const vm = (await own(signal)).find((one) => one.vmid === vmid);
        if (vm === undefined) throw new DriverError("failed", `${name} is gone`);
        return describe(vm, signal);
      };
      return giveHostKey(api, vmid, request, seen, signal);
    },
    get: async (name, signal) => {
      const [vm] = await named(name, signal);
      return vm === undefined ? null : describe(vm, signal);
    },
    list: async (signal) => ({
      complete: true,
      machines: await Promise.all((await own(signal)).map((vm) => describe(vm, signal))),
      storageProof: "none",
    }),
    start: (name, signal) => power(name, "start", signal),
    stop: (name, signal) => power(name, "stop", signal),
    delete: remove,
    capacity,
    evidence: async () => ({}),
  };
}

function markOf(description: string): Vm["mark"] {
  try {
    return mark.parse(JSON.parse(description));
  } catch {
    return null;
  }
}

/** A machine that has gone in the meantime has no configuration, and one that boots has no agent. */
async function orElse<T>(asked: Promise<T>, other: T): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Refusal) return other;
    throw error;
  }
}
