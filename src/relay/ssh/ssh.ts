import ssh2 from "ssh2";
import type { HostKey } from "../../contract/machine.ts";
import type { Gate } from "../time/gate.ts";
import { fingerprint } from "./hostKey.ts";
import { afterServed, ownSlowness, watchSelf } from "../time/lateness.ts";
import { LOGIN, SshBudget } from "./sshBudget.ts";
import { guardChannels } from "./sshChannels.ts";
import { SshConnection } from "./sshConnection.ts";
import { couldNotAsk, hostKeyChanged, SshError, toSshError, violation } from "./sshError.ts";
import { SshSocket } from "./sshSocket.ts";
import { secondsText } from "../text.ts";

/**
 * How a connection to a machine comes about. It exists only to a machine that proved the pinned host key: the verifier
 * is synchronous and returns a real boolean (ssh2 takes anything but a strict `false` as consent), and no other key
 * type is offered. One client per attempt; what does not answer in time is destroyed. The other side may be anybody who
 * is root on the machine: nothing it sends may end this process or take its time (sshBudget, sshChannels, sshSocket).
 */
export type SshTarget = { host: string; port: number; hostKey: HostKey };

/**
 * `timeoutSeconds` is what the TCP connection may take, and then the login once more. A login, whose keys take a
 * processor's time, goes through `logins`, if there are to be many at once.
 */
export type ConnectOptions = {
  timeoutSeconds: number;
  signal: AbortSignal;
  logins?: Gate;
  /** Is given the host key of a machine that presents another one than the pinned. */
  onOtherKey?: (key: Buffer) => void;
};

/** A server speaks first. One that has said nothing for so long is spoken to, and takes no place in the gate. */
const SPEAKS_FIRST_MS = 1000;

const NO_LOGIN = "the SSH login did not complete";

/** Costs little, and its work does not grow with numbers that the server chooses, as it does for Diffie-Hellman groups. */
const KEX = [
  "curve25519-sha256",
  "curve25519-sha256@libssh.org",
  "ecdh-sha2-nistp256",
  "ecdh-sha2-nistp384",
  "ecdh-sha2-nistp521",
] as const;

/** What a new exchange of keys, and a list of host keys, cost of the budget: their work is that of many messages. */
const DEAR = { messages: 500 };

/**
 * Logs in as root with the relay's key.
 * @throws SshError by kind; or the signal's reason where it was aborted.
 */
export function connect(
  target: SshTarget,
  privateKey: string,
  { timeoutSeconds, signal, logins, onOtherKey }: ConnectOptions,
): Promise<SshConnection> {
  const where = `${target.host}:${target.port}`;
  if (signal.aborted) return Promise.reject(signal.reason as Error);
  const socket = new SshSocket();
  const client = new ssh2.Client();
  const budget = new SshBudget(LOGIN);
  const watch = watchSelf();
  const pinned = Buffer.from(target.hostKey.key, "base64");
  let presented: string | null = null;
  let connection: SshConnection | null = null;
  let leave = (): void => undefined;
  let isOver = false;

  return new Promise((resolve, reject) => {
    let cancel = (): void => undefined;
    const release = (): void => {
      isOver = true;
      cancel();
      leave();
      signal.removeEventListener("abort", abort);
    };
    const give = (error: Error): void => {
      release();
      socket.destroy();
      if (connection === null) reject(error);
      else connection.end(error instanceof SshError ? error : toSshError(where, error));
    };
    const abort = (): void => give(signal.reason as Error);
    /** What was late or closed while this process could not keep up says nothing about the machine. */
    const late = (error: SshError): void => {
      const slowness = connection === null ? ownSlowness(watch()) : null;
      give(slowness === null ? error : couldNotAsk(error.message, slowness));
    };
    const wait = (what: string): void => {
      cancel();
      cancel = afterServed(timeoutSeconds * 1000, () =>
        late(
          new SshError("timed_out", `SSH to ${where}: no answer in ${secondsText(timeoutSeconds)}, ${what}`),
        ),
      );
    };
    const spend = (cost: { bytes?: number; messages?: number }): void => {
      budget.spend(cost);
      if (budget.isSpent) give(violation(where, "sends more data than was requested"));
    };
    const fault = (error: Error): void =>
      give(violation(where, `breaks the protocol (${error.message})`, error));

    signal.addEventListener("abort", abort);
    socket.onFault = fault;
    socket.on("error", (error) => give(toSshError(where, error)));
    wait("the TCP connection was not established");
    socket.connect({ host: target.host, port: target.port });
    socket.once("connect", () => {
      wait(NO_LOGIN);
      // Small packets held back to be sent together cost 40 ms each: a login took 0.4 s and now takes 10 ms.
      socket.setNoDelay(true);
      socket.onBytes = (bytes) => spend({ bytes, messages: 1 });
      if (logins === undefined) login();
      else whenHeard(socket, () => void inTurn(logins), login);
    });

    /** Time in the queue does not count. */
    const inTurn = async (gate: Gate): Promise<void> => {
      cancel();
      leave = await gate.enter();
      if (isOver) return leave();
      wait(NO_LOGIN);
      login();
    };
    const login = (): void => {
      client.connect({
        sock: socket,
        username: "root",
        privateKey,
        authHandler: ["publickey"],
        // A stream that is inflated can grow a thousandfold, and fails outside of every handler.
        algorithms: { serverHostKey: ["ssh-ed25519"], compress: ["none"], kex: [...KEX] },
        hostVerifier: (key: Buffer): boolean => {
          if (key.equals(pinned)) return true;
          presented = fingerprint(key);
          onOtherKey?.(key);
          return false;
        },
        // The only public place where each message shows.
        debug: (text) => spend(text.includes("hostkeys-00@openssh.com") ? DEAR : { messages: 1 }),
        readyTimeout: 0,
        keepaliveInterval: 10_000,
        keepaliveCountMax: 3,
      });
      guardChannels(client, fault);
    };

    client.on("handshake", () => spend(connection === null ? {} : DEAR));
    client.on("error", (error: Error) => {
      if (presented === null) return give(toSshError(where, error));
      const what = `presented ${presented} instead of ${target.hostKey.fingerprint}`;
      give(hostKeyChanged(where, presented, what, error));
    });
    client.on("close", () => {
      if (connection === null)
        late(new SshError("closed", `SSH to ${where}: closed before the login completed`));
    });
    // A server may say it more than once.
    client.once("ready", () => {
      release();
      connection = new SshConnection(client, socket, where, budget);
      resolve(connection);
    });
  });
}

/** Calls `heard` at the first word of the other side, or `silent` if there is none for a while. */
function whenHeard(socket: SshSocket, heard: () => void, silent: () => void): void {
  const first = (): void => {
    clearTimeout(timer);
    heard();
  };
  const timer = setTimeout(() => {
    socket.off("readable", first);
    if (!socket.destroyed) silent();
  }, SPEAKS_FIRST_MS);
  socket.once("readable", first);
  socket.once("close", () => clearTimeout(timer));
}
