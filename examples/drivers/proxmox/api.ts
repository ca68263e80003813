import { z } from "zod";
import { pause } from "../../../src/relay/time/pause.ts";
import { Refusal, send } from "../http.ts";

/** The API of Proxmox VE: https://pve.proxmox.com/pve-docs/api-viewer/ */
const name = z.string().regex(/^[\w-]+$/);
export const settings = z.object({
  WARMPOOL_PVE_URL: z.url({ protocol: /^https?$/ }),
  /** `USER@REALM!TOKENID=UUID` */
  WARMPOOL_PVE_TOKEN: z.string().regex(/^\S+@\S+!\S+=\S+$/),
  WARMPOOL_PVE_NODE: name,
  /** Where the templates' disks are: linked clones stay there. */
  WARMPOOL_PVE_STORAGE: name.default("local-lvm"),
  /** The port of SSH inside of a machine. */
  WARMPOOL_PVE_SSH: z.enum(["22", "allotted"]).default("22"),
});
export type Settings = z.infer<typeof settings>;

const ended = z.object({ status: z.string(), exitstatus: z.string().default("") });

export type Api = ReturnType<typeof apiOf>;

export function apiOf({ WARMPOOL_PVE_URL, WARMPOOL_PVE_TOKEN, WARMPOOL_PVE_NODE }: Settings) {
  /** @param doing method and path, below the node's. @throws as `send` */
  function call<T>(doing: string, schema: z.ZodType<T>, signal: AbortSignal, body?: object): Promise<T> {
    const [method = "", path = ""] = doing.split(" ");
    return send(
      {
        ...{ doing, method, ...(body === undefined ? {} : { body }) },
        url: `${WARMPOOL_PVE_URL}/api2/json/nodes/${WARMPOOL_PVE_NODE}${path}`,
        headers: { authorization: `PVEAPIToken=${WARMPOOL_PVE_TOKEN}` },
        schema: z
          .looseObject({})
          .transform(({ data }) => data)
          .pipe(schema),
        refusal: (status, answer) =>
          status === 400 || status === 500 ? JSON.stringify(answer ?? status) : null,
        seconds: 25,
      },
      signal,
    );
  }
  /** What Proxmox does as a task: waits for its end. */
  async function run(doing: string, signal: AbortSignal, body?: object): Promise<void> {
    const task = await call(doing, z.string(), signal, body);
    for (;;) {
      const now = await call(`GET /tasks/${encodeURIComponent(task)}/status`, ended, signal);
      if (now.exitstatus === "OK") return;
      if (now.status === "stopped") throw new Refusal(doing, now.exitstatus);
      await pause(100, signal);
    }
  }
  return { call, run };
}
