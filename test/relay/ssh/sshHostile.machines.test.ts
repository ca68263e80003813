import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { connect } from "../../../src/relay/ssh/ssh.ts";
import type { ExecOptions } from "../../../src/relay/ssh/sshConnection.ts";
import { until } from "../../helpers/until.ts";
import {
  confirm,
  hostileServer,
  type Play,
  rawServer,
  relayKey,
  type Send,
  text,
  uncaught,
} from "../helpers/hostileSshServer.ts";
import { seeded } from "../../helpers/random.ts";
import { isNight, oneIn } from "../../helpers/nightly.ts";

/** A machine's SSH server is whatever root on it runs: none of these ends this process or goes on being listened to. */
const never = new AbortController().signal;
const options: ExecOptions = { timeoutSeconds: 20, signal: never };
const MESSAGE = {
  ignore: 2,
  globalRequest: 80,
  requestSuccess: 81,
  windowAdjust: 93,
  data: 94,
  extended: 95,
};
const END = { eof: 96, close: 97, request: 98, success: 99, failure: 100 };

/** Not that it broke the protocol, which ends a connection too. */
const TOO_MUCH = {
  kind: "violation",
  message: expect.stringContaining("more data than was requested") as string,
};

/** Calls `act` until the client has hung up, in turns, so that the client on the same thread can read. */
function flood(send: Send, gone: () => boolean, act: (send: Send) => void): void {
  void (async () => {
    while (!gone()) {
      for (let count = 0; count < 200; count += 1) act(send);
      await setImmediate();
    }
  })();
}

/** One login and one command; what came of them. */
async function outcome(play: Play, given: Partial<ExecOptions> = {}): Promise<unknown> {
  await using server = await hostileServer(play);
  using errors = uncaught();
  const result = await (async () => {
    using connection = await connect(server.target, relayKey.privateKey, options);
    return await connection.exec("true", { ...options, ...given });
  })().catch((error: unknown) => error);
  await until("the connection to end", () => server.open.size === 0);
  await setImmediate();
  expect(errors.errors).toEqual([]);
  return result;
}

const floods: [string, (send: Send) => void][] = [
  ["messages without a meaning", (send) => send(MESSAGE.ignore, text(""))],
  ["messages of no known type", (send) => send(200)],
  ["empty output", (send) => send(MESSAGE.data, 0, text(""))],
  ["output", (send) => send(MESSAGE.data, 0, text(Buffer.alloc(30_000)))],
  ["error output", (send) => send(MESSAGE.extended, 0, 1, text(Buffer.alloc(30_000)))],
  ["a window that grows and grows", (send) => send(MESSAGE.windowAdjust, 0, 0xffff_ffff)],
  [
    "requests of its own",
    (send) => send(MESSAGE.globalRequest, text("keepalive@openssh.com"), Buffer.from([1])),
  ],
  ["channels of its own", (send) => send(90, text("session"), 7, 1000, 32_768)],
  ["answers to nothing", (send) => send(END.success, 0)],
  ["exit codes", (send) => send(END.request, 0, text("exit-status"), Buffer.from([0]), 3)],
];

test.each(oneIn(3, floods))(
  "S2 a command's connection that is flooded with %s is closed, and that is said",
  async (_, act) => {
    let gone = false;
    const result = await outcome({
      onReady: (_send, connection) => connection.on("close", () => (gone = true)),
      onExec: (send, channel) => {
        send(END.success, channel);
        flood(send, () => gone, act);
      },
    });
    expect(result).toMatchObject(TOO_MUCH);
  },
);

test.each(oneIn(5, floods))(
  "S2 a kept connection that is flooded with %s is closed, and that is said",
  async (_, act) => {
    let gone = false;
    await using server = await hostileServer({
      onReady: (send, connection) => {
        connection.on("close", () => (gone = true));
        flood(send, () => gone, act);
      },
    });
    using errors = uncaught();
    using connection = await connect(server.target, relayKey.privateKey, options);
    await until("the connection to be given up", () => !connection.usable);
    await expect(connection.exec("true", options)).rejects.toMatchObject({ kind: "violation" });
    expect(errors.errors).toEqual([]);
  },
);

/** Few messages, so that only their bytes are too many; and few that each cost much to read. */
const dear: [string, number, (send: Send) => void][] = [
  ["bytes in few messages", 800, (send) => send(MESSAGE.ignore, text(Buffer.alloc(30_000)))],
  [
    "lists of its host keys",
    30,
    (send) =>
      send(MESSAGE.globalRequest, text("hostkeys-00@openssh.com"), Buffer.from([0]), text("not a key")),
  ],
];

test.each(dear)("S2 %s are too many for a command, %d of them", async (_, count, act) => {
  const result = await outcome({
    onExec: (send, channel) => {
      send(END.success, channel);
      for (let sent = 0; sent < count; sent += 1) act(send);
    },
  });
  expect(result).toMatchObject(TOO_MUCH);
});

test.each(dear)("S2 %s are too many for a kept connection, a few of them", async (_, count, act) => {
  await using server = await hostileServer({
    onReady: (send) => {
      for (let sent = 0; sent < count / 8; sent += 1) act(send);
    },
  });
  using errors = uncaught();
  using connection = await connect(server.target, relayKey.privateKey, options);
  await until("the connection to be given up", () => !connection.usable);
  await expect(connection.exec("true", options)).rejects.toMatchObject(TOO_MUCH);
  expect(errors.errors).toEqual([]);
});

test("S2 a server that offers only compression is refused, and a command that hangs on it harms nobody", async () => {
  for (const compress of ["zlib@openssh.com", "zlib"] as const) {
    const result = await outcome({ algorithms: { compress: [compress] } }, { timeoutSeconds: 0.3 });
    expect(result).toMatchObject({ kind: "closed", message: expect.stringMatching(/compress/) });
  }
});

test("S2 a server whose key exchange costs as much as it likes is refused", async () => {
  const result = await outcome({ algorithms: { kex: ["diffie-hellman-group16-sha512"] } });
  expect(result).toMatchObject({ kind: "closed", message: expect.stringMatching(/key exchange/) });
});

test("S2 a server that makes new keys all the time is closed after a few", async () => {
  let made = 0;
  await using server = await hostileServer({
    onReady: (_send, client) => {
      const again = (): void => {
        made += 1;
        client.rekey(again);
      };
      again();
    },
  });
  using errors = uncaught();
  using connection = await connect(server.target, relayKey.privateKey, options);
  await until("the connection to be given up", () => !connection.usable);
  await expect(connection.exec("true", options)).rejects.toMatchObject({ kind: "violation" });
  expect(made).toBeLessThan(10);
  expect(errors.errors).toEqual([]);
});

test.each<[string, Play, Partial<ExecOptions>?]>([
  [
    "output after the end of it, before it has agreed to run anything",
    {
      onExec: (send, channel) => {
        send(END.eof, channel);
        send(MESSAGE.data, channel, text("late"));
        send(MESSAGE.extended, channel, 1, text("late"));
      },
    },
  ],
  [
    "error output after the end of it",
    {
      onExec: (send, channel) => {
        send(END.success, channel);
        send(END.eof, channel);
        send(MESSAGE.extended, channel, 1, text("late"));
      },
    },
  ],
  [
    "packets of no bytes wanted, for what is written to the command",
    {
      onOpen: (send, channel) => confirm(send, channel, 2_097_152, 0),
      onExec: (send, channel) => send(END.success, channel),
    },
    { stdin: "some input" },
  ],
  [
    "packets of one byte wanted, for a lot that is written",
    {
      onOpen: (send, channel) => confirm(send, channel, 0xffff_ffff, 1),
      onExec: (send, channel) => send(END.success, channel),
    },
    { stdin: Buffer.alloc(1024 * 1024) },
  ],
  [
    "a host key list that is none",
    { onExec: (send) => send(80, text("hostkeys-00@openssh.com"), Buffer.from([0]), text("x")) },
  ],
  ["a message that is cut off", { onExec: (send, channel) => send(MESSAGE.data, channel, 0xffff) }],
  ["a disconnect with a reason", { onExec: (send) => send(1, 2, text("go away"), text("")) }],
])("S2 %s ends that connection and nothing else", async (_, play, given) => {
  expect(await outcome(play, { timeoutSeconds: 2, ...given })).toMatchObject({
    name: "SshError",
    // On an overloaded host a wait that ended says nothing about who was asked, and is `local`.
    kind: expect.stringMatching(/closed|violation|timed_out|local/),
  });
});

test("S2 a channel that is closed, opened twice or refused in the middle of a command is a command that failed", async () => {
  const order = seeded(1);
  const types = [91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 80, 81, 82, 52, 51, 60, 4, 3, 2, 1];
  for (let round = 0; round < (isNight ? 30 : 5); round += 1) {
    const result = await outcome(
      {
        onExec: (send, channel) => {
          for (let count = 0; count < 12; count += 1) {
            const type = types[Math.floor(order() * types.length)] ?? 0;
            const body = Buffer.from(
              Array.from({ length: Math.floor(order() * 24) }, () => Math.floor(order() * 256)),
            );
            send(type, order() < 0.8 ? channel : 9, ...(order() < 0.5 ? [1, text(body)] : [body]));
          }
        },
      },
      { timeoutSeconds: 0.2, stdin: Buffer.alloc(5000) },
    );
    expect(result).toHaveProperty("name");
  }
});

test.each<[string, string | Buffer]>([
  ["lines without an end", "welcome\r\n"],
  ["one line without an end", "a".repeat(500)],
  ["noise", Buffer.from(Array.from({ length: 997 }, (_, index) => (index * 7919) % 256))],
  ["noise after its name", Buffer.from(`SSH-2.0-x\r\n${"\0\0\0\x0c".repeat(100)}`)],
])("S2 a server that sends %s instead of logging in is given up", async (_, bytes) => {
  await using server = await rawServer((socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(Buffer.from(bytes)));
    };
    socket.on("drain", more);
    more();
  });
  using errors = uncaught();
  const attempt = connect(server.target, relayKey.privateKey, options);
  await expect(attempt).rejects.toMatchObject({ kind: expect.stringMatching(/closed|violation/) });
  await until("the socket to be closed", () => server.open.size === 0);
  expect(errors.errors).toEqual([]);
});

test("S2 a server that never closes its half of the connection is not waited for", async () => {
  await using server = await rawServer((socket) => void socket.write("SSH-1.0-old\r\n"));
  await expect(connect(server.target, relayKey.privateKey, options)).rejects.toMatchObject({
    kind: "closed",
  });
  await until("the socket to be closed", () => server.open.size === 0);
});
