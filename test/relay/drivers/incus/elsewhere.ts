import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { z } from "zod";
import { incusClient } from "../../../../src/relay/drivers/incus/client.ts";
import { pathOf } from "../../../../src/relay/drivers/incus/look.ts";
import { ended } from "../../../../src/relay/drivers/incus/operation.ts";
import { INSTALLED } from "../../../../src/relay/drivers/incus/place.ts";
import { instanceRequest } from "../../../../src/relay/drivers/incus/request.ts";
import { deadline } from "../../../helpers/patience.ts";
import { request, rootLogin } from "../conformance.ts";

/** A running container that nobody of Warmpool has made; it is gone when it is disposed of. */
export type Elsewhere = AsyncDisposable & { name: string; ssh: { host: string; port: number } };

const SECONDS = 120;
const body = z.looseObject({
  config: z.record(z.string(), z.string()),
  devices: z.record(z.string(), z.record(z.string(), z.string())),
});

/** @param authorizedKeys who can log in as root, besides the tests themselves */
export async function madeElsewhere(...authorizedKeys: string[]): Promise<Elsewhere> {
  const wanted = await request();
  const { name, port } = wanted;
  const asked = { ...wanted, authorizedKeys: [...wanted.authorizedKeys, ...authorizedKeys] };
  const { config, devices, ...rest } = body.parse(
    instanceRequest(asked, INSTALLED, { installation: "nobody", node: "nobody" }, null),
  );
  const unmarked = {
    ...rest,
    config: withoutMark(config),
    devices: Object.fromEntries(Object.entries(devices).map(([device, keys]) => [device, withoutMark(keys)])),
  };
  const incus = incusClient(INSTALLED);
  const signal = deadline(SECONDS);
  await ended(incus, await incus.change("POST", "/1.0/instances", unmarked), SECONDS, signal);
  const start = { action: "start", force: false, timeout: SECONDS };
  await ended(incus, await incus.change("PUT", `${pathOf(name)}/state`, start), SECONDS, signal);
  const ssh = { host: "127.0.0.1", port };
  await rootLogin({ ssh });
  return {
    name,
    ssh,
    [Symbol.asyncDispose]: async () => {
      await incusCli("delete", "--force", name).catch(() => undefined);
    },
  };
}

function withoutMark(keys: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(keys).filter(([key]) => !key.includes("user.warmpool.")));
}

/** What the Incus client prints. */
export async function incusCli(...args: string[]): Promise<string> {
  const all = ["--project", INSTALLED.project, ...args];
  return (await promisify(execFile)("incus", all, { timeout: SECONDS * 1000 })).stdout.trim();
}

/** The lines of its configuration that are Warmpool's. */
export async function marksOf(name: string): Promise<string[]> {
  return (await incusCli("config", "show", name))
    .split("\n")
    .filter((line) => line.includes("user.warmpool."));
}

/** `RUNNING`, or nothing where there is none. */
export function stateOf(name: string): Promise<string> {
  return incusCli("list", "--format", "csv", "--columns", "s", `^${name}$`);
}
