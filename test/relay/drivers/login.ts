import { Client } from "ssh2";
import type { ClientChannel, ExecOptions } from "ssh2";
import type { Endpoint } from "../../../src/contract/machine.ts";

/** One SSH login, made with ssh2 itself and not with the relay's wrapper: what a stranger to this code would see. */
export type Login = Disposable & {
  /** The blob of the host key that the server showed, base64. */
  hostKey: string;
  exec(command: string, options?: { stdin?: string | Buffer; pty?: boolean }): Promise<Outcome>;
  /** A command that the test acts on while it runs. */
  open(command: string, options?: ExecOptions): Promise<OpenCommand>;
  shell(): Promise<ClientChannel>;
  /** Cuts the connection without a goodbye. */
  cut(): void;
};

export type OpenCommand = {
  channel: ClientChannel;
  /** What it has printed so far. */
  stdout(): string;
  outcome: Promise<Outcome>;
};
export type Outcome = { code: number | null; signal: string | null; stdout: string; stderr: string };

const LOGIN_WITHIN_MS = 10_000;

/** @throws the error of ssh2 where the login is refused, as `All configured authentication methods failed` */
export async function login(
  endpoint: Endpoint,
  username: string,
  auth: { privateKey: string } | { password: string },
): Promise<Login> {
  const client = new Client();
  // More than one can come: a connection that is cut in its handshake ends with two.
  client.on("error", () => {});
  let hostKey = "";
  await new Promise<void>((resolve, reject) => {
    client.once("ready", resolve).once("error", reject);
    client.connect({
      ...endpoint,
      ...auth,
      username,
      readyTimeout: LOGIN_WITHIN_MS,
      hostVerifier: (key: Buffer) => {
        hostKey = key.toString("base64");
        return true;
      },
    });
    client.setNoDelay(true);
  });

  const open = (command: string, options: ExecOptions = {}) =>
    new Promise<OpenCommand>((resolve, reject) => {
      client.exec(command, options, (error, channel) => {
        // Listened to at once: the exit status of a short command comes in the same packet as the answer.
        if (error) reject(error);
        else resolve(follow(channel));
      });
    });
  return {
    hostKey,
    open,
    async exec(command, { stdin = "", pty = false } = {}) {
      const { channel, outcome } = await open(command, { pty });
      channel.end(stdin);
      return outcome;
    },
    shell: () =>
      new Promise((resolve, reject) => {
        client.shell(false, (error, channel) => (error ? reject(error) : resolve(channel)));
      }),
    cut: () => client.destroy(),
    [Symbol.dispose]() {
      client.destroy();
    },
  };
}

function follow(channel: ClientChannel): OpenCommand {
  const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const ended: Pick<Outcome, "code" | "signal"> = { code: null, signal: null };
  channel.on("data", (data: Buffer) => parts.stdout.push(data));
  channel.stderr.on("data", (data: Buffer) => parts.stderr.push(data));
  channel.on("exit", (code: number | null, signal?: string) => {
    Object.assign(ended, { code, signal: signal ?? null });
  });
  const stdout = () => Buffer.concat(parts.stdout).toString();
  const outcome = new Promise<Outcome>((resolve) => {
    channel.on("close", () =>
      resolve({ ...ended, stdout: stdout(), stderr: Buffer.concat(parts.stderr).toString() }),
    );
  });
  return { channel, outcome, stdout };
}
