import { Gate } from "../time/gate.ts";
import { connect, type SshTarget } from "./ssh.ts";
import type { SshConnection } from "./sshConnection.ts";

/** A login takes some 10 ms of a processor; a host that is far away takes longer, and less of it. */
const LOGINS_AT_ONCE = 8;
const LOGIN_HOLD_MS = 500;

/**
 * Connections that stay open between probes, one a machine, so that a healthy machine costs no login. A connection
 * belongs to an address and a pinned key: where either has changed it is not used again.
 */
export class SshPool {
  readonly #privateKey: string;
  readonly #logins = new Gate(LOGINS_AT_ONCE, LOGIN_HOLD_MS);
  readonly #open = new Map<string, { target: string; connection: SshConnection }>();

  constructor(privateKey: string) {
    this.#privateKey = privateKey;
  }

  /** @throws SshError as `connect` does */
  async get(
    machine: SshTarget & { id: string },
    options: { timeoutSeconds: number; signal: AbortSignal },
  ): Promise<SshConnection> {
    const target = `${machine.host} ${machine.port} ${machine.hostKey.key}`;
    const kept = this.#open.get(machine.id);
    if (kept?.connection.usable === true && kept.target === target) return kept.connection;
    kept?.connection.close();
    this.#open.delete(machine.id);
    const connection = await connect(machine, this.#privateKey, { ...options, logins: this.#logins });
    this.#open.set(machine.id, { target, connection });
    return connection;
  }

  /** Closes the connection to a machine that did not answer well: the next try starts from nothing. */
  drop(id: string): void {
    this.#open.get(id)?.connection.close();
    this.#open.delete(id);
  }

  /** Closes what belongs to no machine of `ids`. */
  keepOnly(ids: ReadonlySet<string>): void {
    for (const id of this.#open.keys()) if (!ids.has(id)) this.drop(id);
  }

  [Symbol.dispose](): void {
    this.keepOnly(new Set());
  }
}
