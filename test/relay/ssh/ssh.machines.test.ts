import ssh2 from "ssh2";
import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { Gate } from "../../../src/relay/time/gate.ts";
import { makeHostKey, makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { connect, type SshTarget } from "../../../src/relay/ssh/ssh.ts";
import { judged } from "../helpers/judged.ts";
import { freePort } from "../helpers/node.ts";
import { until } from "../../helpers/until.ts";

const never = new AbortController().signal;
const relayKey = makeKeyPair("relay");
const options = { timeoutSeconds: 60, signal: never };

type Server = AsyncDisposable & { target: SshTarget; connections: Set<{ end(): void }>; execs: string[] };

/** A real SSH server on loopback that knows the relay's key and a few commands. */
async function sshServer(hostKeys: string[], pinned: SshTarget["hostKey"]): Promise<Server> {
  const known = ssh2.utils.parseKey(relayKey.publicKey);
  if (known instanceof Error) throw known;
  const connections = new Set<{ end(): void }>();
  const execs: string[] = [];
  const server = new ssh2.Server({ hostKeys }, (client) => {
    connections.add(client);
    client.on("error", () => undefined);
    client.on("close", () => connections.delete(client));
    client.on("authentication", (context) => {
      if (context.method === "publickey" && context.key.data.equals(known.getPublicSSH())) context.accept();
      else context.reject();
    });
    client.on("session", (accept) => {
      accept().on("exec", (acceptExec, _reject, { command }) => {
        execs.push(command);
        const channel = acceptExec();
        if (command === "hang") return;
        if (command === "drop") {
          client.end();
          return;
        }
        if (command === "killed") {
          channel.exit("KILL", false, "");
          channel.end();
          return;
        }
        channel.stderr.write("to stderr");
        const received: Buffer[] = [];
        channel.on("data", (chunk: Buffer) => received.push(chunk));
        channel.on("end", () => {
          channel.write(Buffer.concat(received));
          channel.exit(Number(command));
          channel.end();
        });
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    target: { host: "127.0.0.1", port, hostKey: pinned },
    connections,
    execs,
    async [Symbol.asyncDispose]() {
      for (const client of connections) client.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

test("runs a command: stdin, both outputs, the exit code", async () => {
  const { pair, pinned } = makeHostKey("m");
  await using server = await sshServer([pair.privateKey], pinned);
  using connection = await connect(server.target, relayKey.privateKey, options);
  const result = await connection.exec("3", { ...options, stdin: "hello" });
  expect(result).toMatchObject({ code: 3, signal: null });
  expect(result.stdout.toString()).toBe("hello");
  expect(result.stderr.toString()).toBe("to stderr");
  expect(await connection.exec("killed", options)).toMatchObject({ code: null, signal: "SIGKILL" });
});

test("keeps no more of an output than it was told to", async () => {
  const { pair, pinned } = makeHostKey("m");
  await using server = await sshServer([pair.privateKey], pinned);
  using connection = await connect(server.target, relayKey.privateKey, options);
  const stdin = Buffer.alloc(300_000, "x");
  expect((await connection.exec("0", { ...options, stdin, maxBytes: 1000 })).stdout).toHaveLength(1000);
});

test("refuses a machine that presents another host key, before it logs in", async () => {
  const { pinned } = makeHostKey("pinned");
  const { pair, pinned: other } = makeHostKey("other");
  await using server = await sshServer([pair.privateKey], pinned);
  const attempt = connect(server.target, relayKey.privateKey, options);
  await expect(attempt).rejects.toMatchObject({ kind: "host_key_changed" });
  await expect(attempt).rejects.toThrow(`presented ${other.fingerprint} instead of ${pinned.fingerprint}`);
});

test("refuses a machine that has only a host key of another type", async () => {
  const { pinned } = makeHostKey("pinned");
  const rsa = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
    publicKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  await using server = await sshServer([rsa.privateKey], pinned);
  await expect(connect(server.target, relayKey.privateKey, options)).rejects.toMatchObject({
    kind: "host_key_changed",
  });
});

test("takes the pinned key of a machine that also has one of another type", async () => {
  const { pair, pinned } = makeHostKey("pinned");
  const rsa = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    privateKeyEncoding: { type: "pkcs1", format: "pem" },
    publicKeyEncoding: { type: "pkcs1", format: "pem" },
  });
  await using server = await sshServer([rsa.privateKey, pair.privateKey], pinned);
  using connection = await connect(server.target, relayKey.privateKey, options);
  expect(connection.usable).toBe(true);
});

test("says when the key is not accepted", async () => {
  const { pair, pinned } = makeHostKey("m");
  await using server = await sshServer([pair.privateKey], pinned);
  const attempt = connect(server.target, makeKeyPair("stranger").privateKey, options);
  await expect(attempt).rejects.toMatchObject({ kind: "auth_failed" });
});

test("says when nobody listens, and when somebody listens and never answers", async () => {
  const { pinned } = makeHostKey("m");
  const target = { host: "127.0.0.1", port: await freePort(), hostKey: pinned };
  await expect(connect(target, relayKey.privateKey, options)).rejects.toMatchObject({ kind: "refused" });

  const silent = createServer();
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  try {
    const mute = { ...target, port: (silent.address() as AddressInfo).port };
    const attempt = () => connect(mute, relayKey.privateKey, { timeoutSeconds: 0.2, signal: never });
    expect(await judged(attempt)).toMatchObject({ kind: "timed_out" });
  } finally {
    silent.close();
  }
});

test("a command whose connection drops has an unknown outcome", async () => {
  const { pair, pinned } = makeHostKey("m");
  await using server = await sshServer([pair.privateKey], pinned);
  using connection = await connect(server.target, relayKey.privateKey, options);
  await expect(connection.exec("drop", options)).rejects.toMatchObject({ kind: "closed" });
  expect(connection.usable).toBe(false);
  await expect(connection.exec("0", options)).rejects.toMatchObject({ kind: "closed" });
});

test("a command that is begun as the other side hangs up has an unknown outcome too", async () => {
  const { pair, pinned } = makeHostKey("m");
  await using server = await sshServer([pair.privateKey], pinned);
  using connection = await connect(server.target, relayKey.privateKey, options);
  for (const client of server.connections) client.end();
  // Whenever the news arrives, before the call, during it or while its channel opens.
  for (let tries = 0; connection.usable; tries += 1) {
    const attempt = connection.exec("0", options).then(
      () => null,
      (error: unknown) => error,
    );
    const error = await attempt;
    if (error !== null) expect(error).toMatchObject({ kind: "closed" });
    expect(tries).toBeLessThan(1000);
  }
  await expect(connection.exec("0", options)).rejects.toMatchObject({ kind: "closed" });
});

test("a command that does not end in time makes the connection unusable", async () => {
  const { pair, pinned } = makeHostKey("m");
  await using server = await sshServer([pair.privateKey], pinned);
  const attempt = async () => {
    using connection = await connect(server.target, relayKey.privateKey, options);
    try {
      await connection.exec("hang", { timeoutSeconds: 0.1, signal: never });
    } finally {
      expect(connection.usable).toBe(false);
    }
  };
  expect(await judged(attempt)).toMatchObject({ kind: "timed_out" });
});

test("an aborted call throws the signal's own reason and leaves the connection as it was", async () => {
  const { pair, pinned } = makeHostKey("m");
  await using server = await sshServer([pair.privateKey], pinned);
  const reason = new Error("told to stop");
  await expect(
    connect(server.target, relayKey.privateKey, { timeoutSeconds: 5, signal: AbortSignal.abort(reason) }),
  ).rejects.toBe(reason);
  using connection = await connect(server.target, relayKey.privateKey, options);
  const controller = new AbortController();
  const attempt = connection.exec("hang", { timeoutSeconds: 5, signal: controller.signal });
  controller.abort(reason);
  await expect(attempt).rejects.toBe(reason);
  expect((await connection.exec("0", options)).code).toBe(0);
});

test("servers that accept and say nothing → none keeps a place among the logins from one that answers", async () => {
  const { pair, pinned } = makeHostKey("m");
  await using server = await sshServer([pair.privateKey], pinned);
  const accepted: Socket[] = [];
  const silent = createServer((socket) => accepted.push(socket.on("error", () => undefined).resume()));
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as AddressInfo;
  const over = new AbortController();
  const logins = new Gate(1, null);
  const gated = { timeoutSeconds: 60, signal: over.signal, logins };
  const attempts = Array.from({ length: 20 }, () =>
    connect({ ...server.target, port }, relayKey.privateKey, gated).catch((error: unknown) => error),
  );
  await until("all to be accepted", () => accepted.length === 20);
  for (const _ of [1, 2, 3]) {
    using connection = await connect(server.target, relayKey.privateKey, gated);
    expect(connection.usable).toBe(true);
  }
  // Spoken to at last, they keep no place either, and one that was called off in the queue leaves none behind.
  await until("all to be spoken to", () => accepted.every(({ bytesRead }) => bytesRead > 0));
  const leave = await logins.enter();
  silent.on("connection", (socket) => socket.write("SSH-2.0-there\r\n"));
  const queued = connect({ ...server.target, port }, relayKey.privateKey, gated).catch(
    (error: unknown) => error,
  );
  await until("one to be in the queue", () => accepted.length === 21);
  over.abort(new Error("over"));
  leave();
  expect(await Promise.all([queued, ...attempts])).toEqual(
    Array.from({ length: 21 }, () => over.signal.reason),
  );
  (await logins.enter())();
  for (const socket of accepted) socket.destroy();
  await new Promise<void>((resolve) => silent.close(() => resolve()));
});
