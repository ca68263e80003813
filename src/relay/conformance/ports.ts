import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

/** Loopback ports for machines that are made to be looked at, as the edge allots them to real ones. */
const given = new Set<number>();

/** A free loopback port below the range the kernel itself gives out, and not given by this process before. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const port = randomInt(12_000, 32_000);
    if (!given.has(port) && (await isFree(port))) {
      given.add(port);
      return port;
    }
  }
  throw new Error("no free port found in 200 tries");
}

/** Whether nobody listens on that loopback port. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ host: "127.0.0.1", port, exclusive: true });
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    await new Promise((closed) => server.close(closed));
  }
}
