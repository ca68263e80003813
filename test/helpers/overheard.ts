import { connect, createServer, type AddressInfo } from "node:net";

/** A way to a database on which all that is sent there is heard, with the moment at which it was. */
export type Overheard = AsyncDisposable & {
  /** The database's URL by this way. */
  url: string;
  /** The moments, in milliseconds, at which a statement was sent that has this text. */
  moments(part: string): number[];
};

/** Statements of drizzle's are sent whole and each time anew, so their text is there to be read. */
export async function overheard(databaseUrl: string): Promise<Overheard> {
  const target = new URL(databaseUrl);
  const sent: { at: number; text: string }[] = [];
  const there = { host: target.hostname, port: Number(target.port) };
  const server = createServer((near) => {
    const far = connect(there);
    near.on("data", (chunk) => sent.push({ at: performance.now(), text: chunk.toString("latin1") }));
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on("error", () => undefined);
      one.on("close", () => other.destroy());
      one.pipe(other);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  target.hostname = "127.0.0.1";
  target.port = String((server.address() as AddressInfo).port);
  return {
    url: target.href,
    moments: (part) =>
      sent.flatMap(({ at, text }) => Array.from({ length: text.split(part).length - 1 }, () => at)),
    // Whoever still has a connection ends it before: the edge is stopped first.
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
