import type { Client, ClientChannel } from "ssh2";
import { afterServed, ownSlowness, watchSelf } from "../time/lateness.ts";
import { log } from "../log.ts";
import { commandAllowance, IDLE, type SshBudget } from "./sshBudget.ts";
import { collect } from "./sshChannels.ts";
import { couldNotAsk, SshError, toSshError } from "./sshError.ts";
import type { SshSocket } from "./sshSocket.ts";
import { secondsText } from "../text.ts";

export type ExecOptions = {
  timeoutSeconds: number;
  signal: AbortSignal;
  stdin?: string | Buffer;
  /** What is kept of each stream; the rest is read and dropped. 1 MiB unless told. */
  maxBytes?: number;
};

/** `code` is null where a signal ended the command, `signal` then names it. */
export type ExecResult = { code: number | null; signal: string | null; stdout: Buffer; stderr: Buffer };

const KEPT_BYTES = 1024 * 1024;

/** A connection that is logged in. Whatever goes wrong on it ends it, and everything that runs over it, with the cause. */
export class SshConnection {
  readonly #client: Client;
  readonly #socket: SshSocket;
  readonly #where: string;
  readonly #budget: SshBudget;
  readonly #pending = new Set<(error: Error) => void>();
  #isEnding = false;
  #cause: SshError | null = null;

  constructor(client: Client, socket: SshSocket, where: string, budget: SshBudget) {
    this.#client = client;
    this.#socket = socket;
    this.#where = where;
    this.#budget = budget;
    budget.allow(IDLE);
    // What was sent before it may not be read yet: what runs is given up at `close`.
    client.on("end", () => (this.#isEnding = true));
    client.on("close", () => this.end(new SshError("closed", `SSH to ${where}: the connection was closed`)));
  }

  get usable(): boolean {
    return this.#cause === null && !this.#isEnding;
  }

  /** Ends the connection with a cause; only the first one counts. */
  end(cause: SshError): void {
    if (this.#cause === null && cause.kind === "violation")
      log.warn("Closed the SSH connection to a machine", { cause: cause.message });
    this.#cause ??= cause;
    this.#socket.destroy();
    for (const reject of this.#pending) reject(this.#cause);
  }

  close(): void {
    this.end(new SshError("closed", `SSH to ${this.#where}: this relay closed the connection`));
  }

  [Symbol.dispose](): void {
    this.close();
  }

  /**
   * Runs one command as root. Its outcome is known only where this resolves.
   * @throws SshError `closed`, `violation`, `local` or `timed_out` where the outcome is unknown; the connection is
   * unusable after a timeout.
   */
  async exec(command: string, options: ExecOptions): Promise<ExecResult> {
    options.signal.throwIfAborted();
    if (!this.usable)
      throw this.#cause ?? new SshError("closed", `SSH to ${this.#where}: the connection was already closed`);
    const maxBytes = options.maxBytes ?? KEPT_BYTES;
    this.#budget.add(commandAllowance(maxBytes));
    let channel: ClientChannel | null = null;
    let release = (): void => undefined;
    let isOver = false;
    try {
      return await new Promise<ExecResult>((resolve, reject) => {
        release = this.#bound(options, reject);
        try {
          this.#client.exec(command, (error, opened) => {
            if (error !== undefined) return reject(toSshError(this.#where, error));
            channel = opened;
            if (isOver || !this.usable) return opened.close();
            collect(opened, { stdin: options.stdin ?? "", maxBytes }, ({ exit, stdout, stderr }) => {
              // Without an exit status only the connection ended: the command may run on.
              if (exit !== null) resolve({ ...exit, stdout, stderr });
              else reject(new SshError("closed", `SSH to ${this.#where}: closed before the command exited`));
            });
          });
        } catch (error) {
          // It throws where the other side has hung up and `close` is still to come.
          reject(toSshError(this.#where, error as Error));
        }
      });
    } finally {
      isOver = true;
      release();
      if (this.#pending.size === 0) this.#budget.allow(IDLE);
      // What was aborted leaves its channel open otherwise, and ten of them are all a server grants.
      if (this.usable) (channel as ClientChannel | null)?.close();
    }
  }

  /** Rejects when the time is over, the signal is aborted or the connection has ended. @returns lets go of all that */
  #bound({ timeoutSeconds, signal }: ExecOptions, reject: (error: Error) => void): () => void {
    const abort = (): void => reject(signal.reason as Error);
    const watch = watchSelf();
    const cancel = afterServed(timeoutSeconds * 1000, () => {
      const slowness = ownSlowness(watch());
      const said = `SSH to ${this.#where}: no result in ${secondsText(timeoutSeconds)}`;
      const error = slowness === null ? new SshError("timed_out", said) : couldNotAsk(said, slowness);
      reject(error);
      this.end(error);
    });
    signal.addEventListener("abort", abort);
    this.#pending.add(reject);
    return () => {
      cancel();
      signal.removeEventListener("abort", abort);
      this.#pending.delete(reject);
    };
  }
}
