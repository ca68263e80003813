import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { z } from "zod";
import { learnHostKey } from "../../../src/relay/ssh/learnHostKey.ts";
import { makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { connect } from "../../../src/relay/ssh/ssh.ts";
import type { Hypervisor } from "../../../examples/drivers/threefold/simulator/node.ts";
import { deadline } from "../../helpers/patience.ts";

/**
 * What examples/drivers/proxmox asks of Proxmox VE, answered as its API documents it: a clone has neither name nor
 * description before it is done, an id belongs to the first that takes it, and a call that was abandoned continues.
 */
export type StandIn = AsyncDisposable & { env: Record<string, string>; left: () => number[] };

const TOKEN = "warmpool@pve!tests=0b7f4a5e";
const TEMPLATE = 9000;
const CLONE_MS = 100;
type Vm = {
  ids: { vmid: number; name?: string; template?: 1 };
  config: Record<string, unknown>;
  status: "stopped" | "running";
  isBooted: boolean;
};
type Task = { type: string; status: "running" | "stopped"; exitstatus?: string };
const marked = z.object({ port: z.int() });
const sized = z.object({ memory: z.int(), cores: z.int(), sshkeys: z.string() });
const exec = z.object({ command: z.array(z.string()).length(3), "input-data": z.string() });

export async function standIn(hypervisor: Hypervisor): Promise<StandIn> {
  const vms = new Map<number, Vm>();
  const tasks = new Map<string, Task>();
  const ran = new Map<number, number | null>();
  const agent = makeKeyPair("agent");
  vms.set(TEMPLATE, {
    ids: { vmid: TEMPLATE, name: "debian", template: 1 },
    config: {},
    status: "stopped",
    isBooted: false,
  });

  const vmOf = (id: string): Vm => {
    const vm = vms.get(Number(id));
    if (vm === undefined)
      throw new Error(`Configuration file 'nodes/pve/qemu-server/${id}.conf' does not exist`);
    return vm;
  };
  const task = (type: string, act: () => Promise<void>): string => {
    const upid = `UPID:pve:${tasks.size}:${type}`;
    const one: Task = { type, status: "running" };
    tasks.set(upid, one);
    act().then(
      () => Object.assign(one, { status: "stopped", exitstatus: "OK" }),
      (error: unknown) => Object.assign(one, { status: "stopped", exitstatus: String(error) }),
    );
    return upid;
  };
  const portOf = ({ config }: Vm): number => marked.parse(JSON.parse(String(config["description"]))).port;

  async function start(vm: Vm): Promise<void> {
    const { vmid } = vm.ids;
    if (vm.isBooted) await hypervisor.start(vmid);
    else {
      const { memory, cores, sshkeys } = sized.parse(vm.config);
      const keys = [...decodeURIComponent(sshkeys).split("\n"), agent.publicKey];
      await hypervisor.boot(vmid, {
        size: 2 ** 30,
        compute_capacity: { cpu: cores, memory: memory * 2 ** 20 },
        env: { SSH_KEY: keys.join("\n"), SSH_PORT: `${portOf(vm)}` },
      });
    }
    vm.isBooted = true;
    vm.status = "running";
  }

  async function run(vm: Vm, body: unknown): Promise<{ pid: number }> {
    const { command, "input-data": stdin } = exec.parse(body);
    const where = { host: "::1", port: portOf(vm) };
    const bounds = { timeoutSeconds: 30, signal: deadline(60) };
    const hostKey = await learnHostKey(where, bounds);
    const pid = ran.size + 1;
    ran.set(pid, null);
    const machine = await connect({ ...where, hostKey }, agent.privateKey, bounds);
    const { code } = await machine.exec(command[2] ?? "", { ...bounds, stdin });
    machine.close();
    ran.set(pid, code);
    return { pid };
  }

  /** The data of the answer. @throws Error for status 500 */
  async function handle(
    method: string,
    path: string,
    query: URLSearchParams,
    body: object,
  ): Promise<unknown> {
    const [, kind = "", id = "", ...rest] = path.split("/");
    switch ([method, kind, rest.join("/")].join(" ").trim()) {
      case "GET status":
        return { cpuinfo: { cpus: 8 }, memory: { total: 2 ** 35, used: 2 ** 31 } };
      case "GET storage status":
        return { total: 2 ** 39, used: 2 ** 33 };
      case "GET tasks":
        return [...tasks.values()]
          .filter(({ type, status }) => type === query.get("typefilter") && status === "running")
          .map(() => ({ user: "warmpool@pve", tokenid: "tests" }));
      case "GET tasks status":
        return tasks.get(decodeURIComponent(id));
      case "GET qemu":
        return [...vms.values()].map(({ ids, status }) => ({ ...ids, status }));
      case "GET qemu config":
        return vmOf(id).config;
      case "POST qemu clone": {
        const { newid, name, description } = z
          .object({ newid: z.int(), name: z.string(), description: z.string() })
          .parse(body);
        vmOf(id);
        if (vms.has(newid)) throw new Error(`unable to create VM ${newid}: config file already exists`);
        const vm: Vm = { ids: { vmid: newid }, config: {}, status: "stopped", isBooted: false };
        vms.set(newid, vm);
        return task("qmclone", async () => {
          await delay(CLONE_MS);
          vm.ids.name = name;
          vm.config["description"] = description;
        });
      }
      case "PUT qemu config":
        Object.assign(vmOf(id).config, body);
        return null;
      case "PUT qemu resize":
        vmOf(id);
        return null;
      case "POST qemu status/start":
        return task("qmstart", () => start(vmOf(id)));
      case "POST qemu status/stop":
        return task("qmstop", async () => {
          if (vmOf(id).isBooted) await hypervisor.stop(Number(id));
          vmOf(id).status = "stopped";
        });
      case "DELETE qemu":
        if (vmOf(id).status === "running") throw new Error(`VM ${id} is running - destroy failed`);
        return task("qmdestroy", async () => {
          await hypervisor.destroy(Number(id));
          vms.delete(Number(id));
        });
      case "POST qemu agent/exec":
        if (vmOf(id).status !== "running") throw new Error("QEMU guest agent is not running");
        return run(vmOf(id), body);
      case "GET qemu agent/exec-status":
        return { exited: 1, exitcode: ran.get(Number(query.get("pid"))) };
      case "GET qemu agent/network-get-interfaces":
        if (vmOf(id).status !== "running") throw new Error("QEMU guest agent is not running");
        return {
          result: [
            { name: "lo" },
            { name: "ens18", "ip-addresses": [{ "ip-address": "fe80::1" }, { "ip-address": "::1" }] },
          ],
        };
      default:
        throw new Error(`Method '${method} ${path}' not implemented`);
    }
  }

  const answer = async (request: IncomingMessage): Promise<[status: number, body: object]> => {
    if (request.headers.authorization !== `PVEAPIToken=${TOKEN}`) return [401, {}];
    const { pathname, searchParams } = new URL(request.url ?? "", "http://pve");
    const said = await text(request);
    const body = (said === "" ? {} : JSON.parse(said)) as object;
    try {
      const path = pathname.replace("/api2/json/nodes/pve", "");
      return [200, { data: await handle(request.method ?? "", path, searchParams, body) }];
    } catch (error) {
      return [500, { data: null, message: error instanceof Error ? error.message : String(error) }];
    }
  };
  const server = createServer((request, response) => {
    answer(request).then(
      ([status, body]) => response.writeHead(status).end(JSON.stringify(body)),
      () => response.destroy(),
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    env: {
      WARMPOOL_PVE_URL: `http://127.0.0.1:${port}`,
      WARMPOOL_PVE_TOKEN: TOKEN,
      WARMPOOL_PVE_NODE: "pve",
      WARMPOOL_PVE_SSH: "allotted",
    },
    left: () => [...vms.keys()].filter((vmid) => vmid !== TEMPLATE),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
