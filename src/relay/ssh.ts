import ssh2 from "ssh2";
import type { Client, ClientChannel } from "ssh2";
import type { HostKey } from "../contract/machine.ts";
import { fingerprint } from "./hostKey.ts";
import { hostKeyChanged, SshError, toSshError } from "./sshError.ts";
import { secondsText } from "./text.ts";

/**
 * The only file that knows ssh2. A connection exists only to a machine that proved the pinned host key: the verifier
 * is synchronous and returns a real boolean (ssh2 takes anything but a strict `false` as consent), and no other key
 * type is offered. One client per attempt; what does not answer in time is destroyed.
 */
export type SshTarget = { host: string; port: number; hostKey: HostKey };

export type SshConnection = {
  /**
   * Runs one command as root. Its outcome is known only where this resolves.
   * @throws SshError `closed` or `timed_out` where the outcome is unknown; the connection is unusable after a timeout.
   */
  exec(command: string, options: ExecOptions): Promise<ExecResult>;
  readonly usable: boolean;
  close(): void;
  [Symbol.dispose](): void;
};

export type ExecOptions = {
  timeoutSeconds: number;
  signal: AbortSignal;
  stdin?: string | Buffer;
  /** What is kept of each stream; the rest is read and dropped. 1 MiB unless told. */
  maxBytes?: number;
};

/** `code` is null where a signal ended the command, `signal` then names it. */
export type ExecResult = { code: number | null; signal: string | null; stdout: Buffer; stderr: Buffer };

/**
 * Logs in as root with the relay's key.
 * @throws SshError by kind; or the signal's reason where it was aborted.
 */
export function connect(
  target: SshTarget,
  privateKey: string,
  options: { timeoutSeconds: number; signal: AbortSignal },
): Promise<SshConnection> {
  const where = `${target.host}:${target.port}`;
  const pinned = Buffer.from(target.hostKey.key, "base64");
  if (options.signal.aborted) return Promise.reject(options.signal.reason as Error);

  const client = new ssh2.Client();
  let presented: string | null = null;
  return new Promise((resolve, reject) => {
    const give = (error: Error): void => {
      clearTimeout(timer);
      options.signal.removeEventListener("abort", abort);
      client.destroy();
      reject(error);
    };
    const abort = (): void => give(options.signal.reason as Error);
    const timer = setTimeout(
      () =>
        give(
          new SshError("timed_out", `SSH to ${where}: no answer in ${secondsText(options.timeoutSeconds)}`),
        ),
      options.timeoutSeconds * 1000,
    );
    options.signal.addEventListener("abort", abort);

    client.on("error", (error: Error) =>
      give(
        presented === null
          ? toSshError(where, error)
          : hostKeyChanged(
              where,
              presented,
              `presented ${presented} instead of ${target.hostKey.fingerprint}`,
              error,
            ),
      ),
    );
    client.on("close", () =>
      give(new SshError("closed", `SSH to ${where}: closed before the login was done`)),
    );
    client.on("ready", () => {
      clearTimeout(timer);
      options.signal.removeEventListener("abort", abort);
      resolve(wrap(client, where));
    });
    client.connect({
      host: target.host,
      port: target.port,
      username: "root",
      privateKey,
      authHandler: ["publickey"],
      algorithms: { serverHostKey: ["ssh-ed25519"] },
      hostVerifier: (key: Buffer): boolean => {
        if (key.equals(pinned)) return true;
        presented = fingerprint(key);
        return false;
      },
      readyTimeout: 0,
      keepaliveInterval: 10_000,
      keepaliveCountMax: 3,
    });
    // Small packets held back to be sent together cost 40 ms each: a login took 0.4 s and now takes 10 ms.
    client.setNoDelay(true);
  });
}

function wrap(client: Client, where: string): SshConnection {
  const pending = new Set<(error: Error) => void>();
  let usable = true;
  let cause: SshError | null = null;
  const close = (): void => {
    usable = false;
    client.destroy();
  };
  client.on("error", (error: Error) => {
    cause = toSshError(where, error);
  });
  client.on("end", () => {
    usable = false;
  });
  client.on("close", () => {
    usable = false;
    const error = cause ?? new SshError("closed", `SSH to ${where}: the connection was closed`);
    for (const reject of pending) reject(error);
  });
  return {
    get usable() {
      return usable;
    },
    close,
    [Symbol.dispose]: close,
    async exec(command, options) {
      options.signal.throwIfAborted();
      if (!usable) throw new SshError("closed", `SSH to ${where}: the connection was closed before`);
      let channel: ClientChannel | null = null;
      let release = (): void => undefined;
      try {
        return await new Promise<ExecResult>((resolve, reject) => {
          const abort = (): void => reject(options.signal.reason as Error);
          const timer = setTimeout(() => {
            reject(
              new SshError(
                "timed_out",
                `SSH to ${where}: no result in ${secondsText(options.timeoutSeconds)}`,
              ),
            );
            close();
          }, options.timeoutSeconds * 1000);
          options.signal.addEventListener("abort", abort);
          pending.add(reject);
          release = () => {
            clearTimeout(timer);
            options.signal.removeEventListener("abort", abort);
            pending.delete(reject);
          };
          try {
            client.exec(command, (error, opened) => {
              if (error !== undefined) return reject(toSshError(where, error));
              channel = opened;
              collect(opened, options, resolve, reject, where);
            });
          } catch (error) {
            // It throws where the other side has hung up and `close` is still to come.
            reject(toSshError(where, error as Error));
          }
        });
      } finally {
        release();
        // What was aborted leaves its channel open otherwise, and ten of them are all a server grants.
        if (usable) (channel as ClientChannel | null)?.close();
      }
    },
  };
}

function collect(
  channel: ClientChannel,
  options: ExecOptions,
  resolve: (result: ExecResult) => void,
  reject: (error: Error) => void,
  where: string,
): void {
  const stdout = keep(channel, options.maxBytes ?? 1024 * 1024);
  const stderr = keep(channel.stderr, options.maxBytes ?? 1024 * 1024);
  let exit: { code: number | null; signal: string | null } | null = null;
  channel.on("exit", (code: number | null, signal?: string) => {
    exit = { code, signal: signal ?? null };
  });
  channel.on("error", (error: Error) => reject(toSshError(where, error)));
  channel.on("close", () => {
    // Without an exit status only the connection ended: the command may run on.
    if (exit === null) reject(new SshError("closed", `SSH to ${where}: closed before the command ended`));
    else resolve({ ...exit, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) });
  });
  channel.end(options.stdin ?? "");
}

function keep(stream: NodeJS.ReadableStream, maxBytes: number): Buffer[] {
  const chunks: Buffer[] = [];
  let left = maxBytes;
  stream.on("data", (chunk: Buffer) => {
    if (left > 0) chunks.push(chunk.subarray(0, left));
    left -= chunk.length;
  });
  return chunks;
}
