import { Duplex } from "node:stream";
import type { Client, ClientChannel } from "ssh2";

/** RFC 4253 wants 32,768 of everybody. With 0 the library would cut what it sends into empty pieces, without end. */
const LEAST_PACKET = 4096;

type Channel = Duplex & {
  stderr: NodeJS.ReadableStream;
  outgoing: { packetSize: number };
  eof(): void;
  close(): void;
};

/**
 * The library gives a channel to its caller only when the server has agreed to run the command, but the server can make
 * it fail before, or afterwards between two events: a stream error without a listener, or one that is thrown in a
 * callback of the stream, ends the process. So each channel is taken hold of when it is made, which only the
 * library's own register of channels shows.
 * @param onFault hears every error of a channel: a reason to end the connection
 */
export function guardChannels(client: Client, onFault: (error: Error) => void): void {
  const { _chanMgr: register } = client as unknown as {
    _chanMgr: { update(id: number, made: unknown): void };
  };
  const update = register.update.bind(register);
  register.update = (id, made) => {
    if (made instanceof Duplex) guard(made as Channel, onFault);
    update(id, made);
  };
}

function guard(channel: Channel, onFault: (error: Error) => void): void {
  channel.on("error", onFault);
  channel.stderr.on("error", onFault);
  const real = channel["_write"].bind(channel);
  const write: typeof real = (chunk, encoding, done) =>
    attempt(onFault, () => {
      const { packetSize } = channel.outgoing;
      if (packetSize < LEAST_PACKET) throw new Error(`it only accepts packets of ${packetSize} bytes`);
      real(chunk, encoding, done);
    });
  Object.assign(channel, { _write: write });
  for (const name of ["eof", "close"] as const) {
    const call = channel[name].bind(channel);
    channel[name] = () => attempt(onFault, call);
  }
}

function attempt(onFault: (error: Error) => void, act: () => void): void {
  try {
    act();
  } catch (error) {
    onFault(error instanceof Error ? error : new Error(String(error)));
  }
}

/** What the machine's command printed, as far as it is kept, and how it ended. */
export type ChannelEnd = {
  exit: { code: number | null; signal: string | null } | null;
  stdout: Buffer;
  stderr: Buffer;
};

/** Sends `stdin`, keeps `maxBytes` of each output and drops the rest, and calls `onEnd` when the channel is closed. */
export function collect(
  channel: ClientChannel,
  { stdin, maxBytes }: { stdin: string | Buffer; maxBytes: number },
  onEnd: (end: ChannelEnd) => void,
): void {
  const stdout = keep(channel, maxBytes);
  const stderr = keep(channel.stderr, maxBytes);
  let exit: ChannelEnd["exit"] = null;
  channel.on("exit", (code: number | null, signal?: string) => {
    exit = { code, signal: signal ?? null };
  });
  channel.on("close", () => onEnd({ exit, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }));
  channel.end(stdin);
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
