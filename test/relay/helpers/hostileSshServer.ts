import { createServer, type AddressInfo, type Socket } from "node:net";
import ssh2 from "ssh2";
import type { Connection, ServerConfig } from "ssh2";
import { makeHostKey, makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import type { SshTarget } from "../../../src/relay/ssh/ssh.ts";

/** The key that every server here lets in. */
export const relayKey = makeKeyPair("relay");

/** Sends a message of any content to the client, encrypted and in its turn, whatever the protocol allows then. */
export type Send = (type: number, ...fields: (number | Buffer)[]) => void;

/** A number is a uint32; a string of the protocol is `text(...)`. */
export const text = (content: string | Buffer): Buffer => {
  const bytes = Buffer.from(content);
  return Buffer.concat([uint32(bytes.length), bytes]);
};
const uint32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** `open`: the connections whose client has not hung up. */
export type Hostile = AsyncDisposable & { target: SshTarget; open: ReadonlySet<Socket> };

/** Listens on loopback and gives every connection to `serve`. */
async function listen(serve: (socket: Socket) => void, hostKey: SshTarget["hostKey"]): Promise<Hostile> {
  const sockets = new Set<Socket>();
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    open.add(socket);
    socket.on("error", () => undefined);
    for (const event of ["end", "close"]) socket.on(event, () => open.delete(socket));
    serve(socket);
    socket.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    target: { host: "127.0.0.1", port: (server.address() as AddressInfo).port, hostKey },
    open,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Speaks no SSH at all: `serve` has the bare socket. */
export function rawServer(serve: (socket: Socket) => void): Promise<Hostile> {
  return listen(serve, makeHostKey("m").pinned);
}

export type Play = {
  algorithms?: ServerConfig["algorithms"];
  /** The client is logged in. */
  onReady?: (send: Send, connection: Connection) => void;
  /**
   * The client opens a channel; without this the server confirms it. Channel numbers: the client's first is 0, and this
   * server calls each by the client's number.
   */
  onOpen?: (send: Send, channel: number) => void;
  /** The client asks for a command on it; without this nothing follows. */
  onExec?: (send: Send, channel: number) => void;
};

/** Logs the relay in under the right host key, and from then on does as the play says. */
export function hostileServer({ algorithms, onReady, onOpen, onExec }: Play): Promise<Hostile> {
  const known = ssh2.utils.parseKey(relayKey.publicKey);
  if (known instanceof Error) throw known;
  const { pair, pinned } = makeHostKey("m");
  const server = new ssh2.Server(
    { hostKeys: [pair.privateKey], ...(algorithms && { algorithms }) },
    (client) => {
      client.on("error", () => undefined);
      const send = sender(client);
      client.on("authentication", (context) => {
        if (context.method === "publickey" && context.key.data.equals(known.getPublicSSH())) context.accept();
        else context.reject();
      });
      const { _handlers: handlers } = inside(client);
      handlers["CHANNEL_OPEN"] = (_, { sender: channel }: { sender: number }) =>
        (onOpen ?? confirm)(send, channel);
      handlers["CHANNEL_REQUEST"] = (_, channel: number) => onExec?.(send, channel);
      for (const name of ["CHANNEL_DATA", "CHANNEL_EOF", "CHANNEL_CLOSE", "CHANNEL_WINDOW_ADJUST"]) {
        handlers[name] = () => undefined;
      }
      client.on("ready", () => onReady?.(send, client));
    },
  );
  return listen((socket) => server.injectSocket(socket), pinned);
}

/** Confirms that a channel is open, with a window and a packet size of a real server's unless told. */
export function confirm(send: Send, channel: number, window = 2_097_152, packetSize = 32_768): void {
  send(91, channel, channel, window, packetSize);
}

type Protocol = {
  _handlers: Record<string, (...values: never[]) => void>;
  _cipher: { encrypt(packet: Buffer): void } | undefined;
  _packetRW: { write: { allocStart: number; alloc(size: number): Buffer; finalize(packet: Buffer): Buffer } };
};

/** What the library keeps for itself: a hostile server does what its own functions do not let it. */
function inside(client: Connection): Protocol {
  return (client as unknown as { _protocol: Protocol })["_protocol"];
}

function sender(client: Connection): Send {
  return (type, ...fields) => {
    const payload = Buffer.concat([
      Buffer.from([type]),
      ...fields.map((field) => (typeof field === "number" ? uint32(field) : field)),
    ]);
    const { _packetRW: packets, _cipher: cipher } = inside(client);
    const packet = packets.write.alloc(payload.length);
    packet.set(payload, packets.write.allocStart);
    try {
      cipher?.encrypt(packets.write.finalize(packet));
    } catch {
      // The client has hung up.
    }
  };
}

/** Errors that no handler took, as long as this is not disposed of; vitest does not see them. */
export function uncaught(): Disposable & { errors: unknown[] } {
  const errors: unknown[] = [];
  const events = ["uncaughtException", "unhandledRejection"] as const;
  const note = (error: unknown): void => void errors.push(error);
  const before = events.map((event) => process.listeners(event as "uncaughtException"));
  for (const event of events) process.removeAllListeners(event).on(event as "uncaughtException", note);
  return {
    errors,
    [Symbol.dispose]() {
      for (const [index, event] of events.entries()) {
        process.off(event, note);
        for (const listener of before[index] ?? []) process.on(event as "uncaughtException", listener);
      }
    },
  };
}
