import { createServer } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { DriverError } from "../../driver.ts";
import { isErrno } from "./errno.ts";
import { fairNow } from "../../time/fairTime.ts";

/** A server that was killed lets go of its port a moment after it can no longer be seen. */
const LETTING_GO_MS = 3000;
const LOOK_AGAIN_MS = 50;

/**
 * Makes sure that nobody listens on a port that was allotted to a machine. Found out before the machine boots, so that
 * the cause stands in the error and not only on a console.
 * @throws DriverError `failed` where another program has it, and keeps it for 3 s.
 */
export async function assertPortFree(port: number, purpose: string): Promise<void> {
  const givesUpAt = fairNow() + LETTING_GO_MS;
  for (;;) {
    const problem = await listenProblem(port);
    if (problem === null) return;
    if (isErrno(problem, "EADDRINUSE") && fairNow() < givesUpAt) {
      await delay(LOOK_AGAIN_MS);
      continue;
    }
    if (!isErrno(problem, "EADDRINUSE", "EACCES")) throw problem;
    throw new DriverError(
      "failed",
      `Port ${port} on 127.0.0.1, assigned to this machine for ${purpose}, is not free: another program listens ` +
        `there, or this user may not use it. \`ss -ltnp 'sport = :${port}'\` shows which; stop it, or give this node other ports.`,
      { cause: problem },
    );
  }
}

/** Why one cannot listen on the port; null where one can. */
async function listenProblem(port: number): Promise<unknown> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once("error", reject);
      probe.listen({ host: "127.0.0.1", port, exclusive: true }, resolve);
    });
    return null;
  } catch (error) {
    return error;
  } finally {
    await new Promise((closed) => probe.close(closed));
  }
}
