import { createServer } from "node:net";
import { DriverError } from "../../driver.ts";
import { isErrno } from "./errno.ts";

/**
 * Makes sure that nobody listens on a port that was allotted to a machine. Found out before the machine boots, so that
 * the cause stands in the error and not only on a console.
 * @throws DriverError `failed` where another program has it.
 */
export async function assertPortFree(port: number, purpose: string): Promise<void> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once("error", reject);
      probe.listen({ host: "127.0.0.1", port, exclusive: true }, resolve);
    });
  } catch (error) {
    if (!isErrno(error, "EADDRINUSE", "EACCES")) throw error;
    throw new DriverError(
      "failed",
      `Port ${port} on 127.0.0.1, allotted to this machine for ${purpose}, is not free: another program listens ` +
        `there, or this user may not. \`ss -ltnp 'sport = :${port}'\` shows which; end it, or give this node other ports.`,
      { cause: error },
    );
  } finally {
    await new Promise((closed) => probe.close(closed));
  }
}
