import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";

/**
 * Ports of the stack's own parts. Taken from 15000 to 19999: below the range that the kernel gives to outgoing
 * connections, so that nothing can sit on a part's port while it is started again.
 */
const FIRST = 15_000;
const LAST = 19_999;

/** Why that loopback port cannot be had, as Node's error code (`EADDRINUSE`, `EACCES`); null where it can. */
export function whyPortIsNotFree(port: number): Promise<string | null> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "unknown"));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(null)));
  });
}

/** Whether nothing listens on that loopback port. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await whyPortIsNotFree(port)) === null;
}

/** What a person is told about a port that cannot be had, and what to do. Pure. */
export function portProblem(port: number, code: string): string {
  const another = `choose another port: npm start -- --port ${port === 65_535 ? port - 1 : port + 1}`;
  if (code === "EADDRINUSE")
    return (
      `port ${port} on 127.0.0.1 is in use by another program. Stop that one (ss -ltnp 'sport = :${port}' names it), ` +
      `or ${another}`
    );
  if (code === "EACCES")
    return (
      `port ${port} on 127.0.0.1 is not allowed for this user: ports below ${unprivilegedFrom()} need root. ` +
      `Use a higher port: npm start -- --port 8787`
    );
  return `port ${port} on 127.0.0.1 is not available (${code}). Find out why, or ${another}`;
}

/** Where the ports begin that everybody may listen on. */
function unprivilegedFrom(): string {
  try {
    return readFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "utf8").trim();
  } catch {
    return "1024";
  }
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
  throw new Error(`no free port found on 127.0.0.1 between ${FIRST} and ${LAST} after 100 tries`);
}
