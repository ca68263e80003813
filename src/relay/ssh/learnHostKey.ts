import type { Endpoint, HostKey } from "../../contract/machine.ts";
import { fingerprint, makeHostKey } from "./hostKey.ts";
import { connect, type ConnectOptions } from "./ssh.ts";

/**
 * Asks a machine that nobody here has made for its host key. It is dialled with a pinned key that it cannot have, so that
 * no login is ever tried before the key is known: whoever then logs in does so under the key that was learnt.
 * @throws SshError where it does not answer, or has no ed25519 key
 */
export async function learnHostKey(where: Endpoint, options: ConnectOptions): Promise<HostKey> {
  const { pair, pinned } = makeHostKey("nobody");
  const presented: Buffer[] = [];
  try {
    const onOtherKey = (key: Buffer) => presented.push(Buffer.from(key));
    (await connect({ ...where, hostKey: pinned }, pair.privateKey, { ...options, onOtherKey })).close();
  } catch (error) {
    if (presented.length === 0) throw error;
  }
  const [key] = presented;
  if (key === undefined) throw new Error("A machine presented a host key that was created a moment ago.");
  return { type: "ssh-ed25519", key: key.toString("base64"), fingerprint: fingerprint(key) };
}
