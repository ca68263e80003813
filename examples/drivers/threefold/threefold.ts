import { CALL_SECONDS, type Driver, DriverError } from "../../../src/relay/driver.ts";
import { machineResult } from "./answers.ts";
import { readCapacity } from "./capacity.ts";
import { type Place, removeMachine, setPower } from "./change.ts";
import { createMachine } from "./create.ts";
import { gridOf } from "./grid.ts";
import { describe, look, type Machine, type Sight, virtualMachine } from "./look.ts";
import { isOwn, type Owner } from "./mark.ts";
import type { Settings } from "./settings.ts";

/** Machines of one node of the ThreeFold Grid. Nothing is remembered between calls: the chain and the node have it all. */
export function gridDriver(owner: Owner, settings: Settings): Driver {
  const grid = gridOf(settings);
  const see = (signal: AbortSignal): Promise<Sight> => look(grid, settings, signal);
  const own = async (signal: AbortSignal): Promise<Machine[]> =>
    (await see(signal)).machines.filter(({ parts }) => parts.some(({ marked }) => isOwn(owner, marked)));
  const find = async (name: string, signal: AbortSignal): Promise<Machine | null> =>
    (await own(signal)).find((machine) => machine.name === name) ?? null;
  const place: Place = { grid, find };

  return {
    name: "threefold",
    callSeconds: CALL_SECONDS,
    version: async () => `threefold 1 (node ${settings.node} of the grid)`,
    create: (request, signal) => createMachine(place, settings, owner, see, request, signal),
    async get(name, signal) {
      const machine = await find(name, signal);
      return machine === null ? null : describe(machine);
    },
    list: async (signal) => ({
      complete: true,
      machines: (await own(signal)).map(describe),
      // A disk that has outlived its machine shows in `capacity` alone, without a name.
      storageProof: "none",
    }),
    async start(name, signal) {
      if (!settings.hasPower) throw new DriverError("failed", NO_POWER);
      await setPower(place, name, "start", signal);
    },
    async stop(name, signal) {
      // Not an error: a machine is stopped before it is deleted, and that must not fail for this.
      if (settings.hasPower) await setPower(place, name, "stop", signal);
      else process.stderr.write(`${NO_POWER}: ${name} keeps running\n`);
    },
    delete: (name, signal) => removeMachine(place, name, signal),
    capacity: async (signal) => readCapacity(grid, owner, settings, await see(signal), signal),
    async evidence(name, signal) {
      const machine = await find(name, signal);
      return machine === null ? {} : evidenceOf(machine);
    },
  };
}

const NO_POWER = "The grid has no call that stops or starts a machine";

/** The node's own words for each workload. Its data is not shown: it has whatever the image was given. */
function evidenceOf({ parts }: Machine): Record<string, string> {
  const lines = parts.flatMap(({ contract, isPaid, deployment }) => [
    `contract ${contract}: ${isPaid ? "active" : "cancelled"}`,
    ...(deployment?.workloads ?? []).map(
      ({ type, name, result }) => `  ${type} ${name}: ${result.state || "not begun"} ${result.message ?? ""}`,
    ),
  ]);
  const consoles = parts.flatMap((part) => {
    const url = machineResult.safeParse(virtualMachine(part)?.result.data).data?.console_url;
    return url === null || url === undefined || url === "" ? [] : [url];
  });
  return { workloads: lines.join("\n"), ...(consoles.length > 0 ? { console: consoles.join("\n") } : {}) };
}
