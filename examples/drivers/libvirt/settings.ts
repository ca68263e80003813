import { z } from "zod";
import { DriverError } from "../../../src/relay/driver.ts";

/** What the program is told by its environment; `driver`, beside this file, says what each means. */
const settings = z.object({
  WARMPOOL_LIBVIRT_URI: z.string().min(1).default("qemu:///system"),
  WARMPOOL_LIBVIRT_POOL: z
    .string()
    .regex(/^[\w.-]+$/, "must be letters, digits, _, . and -")
    .default("warmpool"),
  WARMPOOL_LIBVIRT_NETWORK: z.enum(["closed", "open"]).default("closed"),
  WARMPOOL_LIBVIRT_TYPE: z.enum(["auto", "kvm", "qemu"]).default("auto"),
});

export type Settings = {
  uri: string;
  pool: string;
  network: "closed" | "open";
  type: "auto" | "kvm" | "qemu";
};

/** @throws DriverError where a setting is none of what it may be */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const parsed = settings.safeParse(env);
  if (!parsed.success) throw new DriverError("failed", z.prettifyError(parsed.error));
  const { data } = parsed;
  return {
    uri: data.WARMPOOL_LIBVIRT_URI,
    pool: data.WARMPOOL_LIBVIRT_POOL,
    network: data.WARMPOOL_LIBVIRT_NETWORK,
    type: data.WARMPOOL_LIBVIRT_TYPE,
  };
}
