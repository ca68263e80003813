import type { Endpoint } from "../../../src/contract/machine.ts";
import { type CreateRequest, DriverError } from "../../../src/relay/driver.ts";
import { wordsOf } from "../../../src/relay/errors.ts";
import { learnHostKey } from "../../../src/relay/ssh/learnHostKey.ts";
import { quote } from "../../../src/relay/ssh/shell.ts";
import { connect } from "../../../src/relay/ssh/ssh.ts";
import { pause } from "../../../src/relay/time/pause.ts";

/**
 * How a machine gets the host key that Warmpool has pinned. Nothing but keys for logins reaches a new machine of the
 * grid, so it makes a host key by itself. That one is trusted once, here: a key pair that is valid for this call alone
 * logs in under it, installs the pinned key, and removes itself. From then on only the pinned key is accepted.
 *
 * The route to a new machine is found on demand and may take a while: until the deadline, no answer proves nothing.
 */
const TRY_SECONDS = 10;
const AGAIN_MS = 250;
const INSTALL_SECONDS = 30;

/** @throws DriverError `failed` when `signal` is about to end this and the machine does not answer as it must */
export async function giveHostKey(
  where: Endpoint,
  oneTimeKey: string,
  { name, authorizedKeys, hostKey }: CreateRequest,
  signal: AbortSignal,
): Promise<void> {
  const [, pinned] = hostKey.publicKey.split(" ");
  const bounds = { timeoutSeconds: TRY_SECONDS, signal };
  await retried(`${name} does not answer over SSH`, signal, async () => {
    const first = await learnHostKey(where, bounds);
    if (first.key === pinned) return true;
    const machine = await connect({ ...where, hostKey: first }, oneTimeKey, bounds);
    try {
      const { code, stderr } = await machine.exec(install(hostKey.publicKey, authorizedKeys), {
        timeoutSeconds: INSTALL_SECONDS,
        signal,
        stdin: hostKey.privateKey,
      });
      if (code === 0) return true;
      const said = stderr.toString("utf8").trim();
      throw new DriverError("failed", `The host key could not be installed on ${name}: ${said}`);
    } finally {
      machine.close();
    }
  });
  await retried(`${name} does not present the host key that was installed`, signal, async () => {
    return (await learnHostKey(where, bounds)).key === pinned;
  });
}

/** The private key comes on stdin, and only when all of it is there does it replace the image's own. */
function install(publicKey: string, authorizedKeys: readonly string[]): string {
  const keys = authorizedKeys.map((key) => quote(key.trim())).join(" ");
  return `set -eu
umask 077
mkdir -p /etc/ssh "$HOME/.ssh"
cat >/etc/ssh/warmpool.new
rm -f /etc/ssh/ssh_host_*
printf '%s\\n' ${quote(publicKey)} >/etc/ssh/ssh_host_ed25519_key.pub
mv /etc/ssh/warmpool.new /etc/ssh/ssh_host_ed25519_key
printf '%s\\n' ${keys} >"$HOME/.ssh/authorized_keys"
sync
# Of these an image has one. Whether it has worked shows in the key that the machine presents.
{ systemctl restart ssh || systemctl restart sshd || zinit restart sshd || zinit restart ssh; } >/dev/null 2>&1 || true`;
}

async function retried(failure: string, signal: AbortSignal, attempt: () => Promise<boolean>): Promise<void> {
  let last = "it was not tried";
  for (;;) {
    try {
      if (await attempt()) return;
      last = "it presents another one";
    } catch (error) {
      if (error instanceof DriverError) throw error;
      if (!signal.aborted) last = wordsOf(error);
    }
    await pause(AGAIN_MS, signal).catch(() => undefined);
    if (signal.aborted) throw new DriverError("failed", `${failure}. Last: ${last}`);
  }
}
