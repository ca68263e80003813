import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/**
 * Ports of the stack's own parts. Taken from 15000 to 19999: below the range that the kernel gives to outgoing
 * connections, so that nothing can sit on a part's port while it is started again.
 */
const FIRST = 15_000;
const LAST = 19_999;

/** Whether nothing listens on that loopback port. */
export function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/**
 * A free loopback port, `preferred` where that one is free.
 * @throws Error where a hundred tries found none.
 */
export async function freePort(preferred?: number): Promise<number> {
  if (preferred !== undefined && (await isPortFree(preferred))) return preferred;
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(FIRST, LAST + 1);
    if (await isPortFree(port)) return port;
  }
  throw new Error(`no free port on 127.0.0.1 between ${FIRST} and ${LAST} in a hundred tries`);
}
