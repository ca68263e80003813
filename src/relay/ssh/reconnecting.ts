import { connect, type SshTarget } from "./ssh.ts";
import type { ExecOptions, ExecResult, SshConnection } from "./sshConnection.ts";

const CONNECT_SECONDS = 10;

/** One connection to a machine, made again at the next call where it broke. It never repeats a command by itself. */
export class Reconnecting {
  readonly #target: SshTarget;
  readonly #privateKey: string;
  #connection: SshConnection | null = null;

  constructor(target: SshTarget, privateKey: string) {
    this.#target = target;
    this.#privateKey = privateKey;
  }

  /** Logs in, where that is not done yet. @throws SshError as `connect` does */
  async login(signal: AbortSignal, timeoutSeconds = CONNECT_SECONDS): Promise<SshConnection> {
    if (this.#connection?.usable !== true) {
      this.#connection = await connect(this.#target, this.#privateKey, { timeoutSeconds, signal });
    }
    return this.#connection;
  }

  /** @throws SshError; after `closed` or `timed_out` it is unknown whether the command ran */
  async exec(command: string, options: ExecOptions): Promise<ExecResult> {
    return (await this.login(options.signal)).exec(command, options);
  }

  [Symbol.dispose](): void {
    this.#connection?.close();
  }
}
