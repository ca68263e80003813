import { z } from "zod";
import { type CreateRequest, DriverError, type DriverMachine } from "../../../src/relay/driver.ts";
import { learnHostKey } from "../../../src/relay/ssh/learnHostKey.ts";
import { quote } from "../../../src/relay/ssh/shell.ts";
import { pause } from "../../../src/relay/time/pause.ts";
import { Refusal } from "../http.ts";
import type { Api } from "./api.ts";

const TRIES = 5;
const AGAIN_MS = 200;
const started = z.object({ pid: z.int() });
const exited = z.object({ exited: z.coerce.boolean(), exitcode: z.int().optional() });

/**
 * Clones the template, with the mark in the description, and starts the clone.
 * @param ids those that are taken. Looking reserves none: of two that take the same one, the second is refused and takes the next.
 */
export async function clone(
  { call, run }: Api,
  {
    request,
    template,
    description,
    ids,
  }: { request: CreateRequest; template: number; description: string; ids: number[] },
  signal: AbortSignal,
): Promise<number> {
  const { name, shape, authorizedKeys } = request;
  let vmid = Math.max(99, ...ids) + 1;
  for (let tries = 1; ; tries++, vmid++) {
    try {
      await run(`POST /qemu/${template}/clone`, signal, { newid: vmid, name, description, full: 0 });
      break;
    } catch (error) {
      if (!(error instanceof Refusal) || tries === TRIES) throw error;
    }
  }
  const sshkeys = encodeURIComponent(authorizedKeys.map((key) => key.trim()).join("\n"));
  const config = { cores: shape.vcpus, memory: shape.memoryMib, onboot: 1, ciuser: "root", sshkeys };
  await call(`PUT /qemu/${vmid}/config`, z.unknown(), signal, config);
  const size = { disk: "scsi0", size: `${shape.diskGib}G` };
  await call(`PUT /qemu/${vmid}/resize`, z.unknown(), signal, size);
  await run(`POST /qemu/${vmid}/status/start`, signal, {});
  return vmid;
}

/** Installs the pinned host key by the guest agent, which no network leads to, and waits until it is presented. */
export async function giveHostKey(
  { call }: Api,
  vmid: number,
  { name, hostKey }: CreateRequest,
  where: () => Promise<DriverMachine>,
  signal: AbortSignal,
): Promise<DriverMachine> {
  const exec = { command: ["/bin/sh", "-c", install(hostKey.publicKey)], "input-data": hostKey.privateKey };
  // The agent is one of the last things to start.
  const { pid } = await untilDone(signal, () => call(`POST /qemu/${vmid}/agent/exec`, started, signal, exec));
  const { exitcode } = await untilDone(signal, async () => {
    const status = await call(`GET /qemu/${vmid}/agent/exec-status?pid=${pid}`, exited, signal);
    return status.exited ? status : null;
  });
  if (exitcode !== 0) throw new DriverError("failed", `The host key could not be installed on ${name}`);
  const [, pinned] = hostKey.publicKey.split(" ");
  return untilDone(signal, async () => {
    const machine = await where();
    if (machine.ssh.port === 0) return null;
    const asked = learnHostKey(machine.ssh, { timeoutSeconds: 10, signal });
    return (await asked.catch(() => null))?.key === pinned ? machine : null;
  });
}

/** cloud-init makes host keys of its own at the first boot, so it has to be done before. */
function install(publicKey: string): string {
  return `set -eu
umask 077
[ ! -e /run/cloud-init/enabled ] || cloud-init status --wait >/dev/null || [ $? = 2 ]
cat >/etc/ssh/warmpool.new
rm -f /etc/ssh/ssh_host_*
printf '%s\\n' ${quote(publicKey)} >/etc/ssh/ssh_host_ed25519_key.pub
mv /etc/ssh/warmpool.new /etc/ssh/ssh_host_ed25519_key
systemctl restart ssh >/dev/null 2>&1 || true`;
}

async function untilDone<T>(signal: AbortSignal, attempt: () => Promise<T | null>): Promise<T> {
  for (;;) {
    try {
      const done = await attempt();
      if (done !== null) return done;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
    }
    await pause(AGAIN_MS, signal);
  }
}
