import { once } from "node:events";
import { createServer } from "node:http";

/** A receiver of the webhook on loopback, that keeps every message whole. */
export type Hook = { env: Record<string, string>; messages: readonly string[]; close(): Promise<void> };

export async function startHook(): Promise<Hook> {
  const messages: string[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      messages.push(`${JSON.stringify(request.headers)}\n${Buffer.concat(pieces).toString("utf8")}`);
      response.writeHead(204).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the receiver has no port");
  return {
    env: {
      WARMPOOL_WEBHOOK_URL: `http://127.0.0.1:${address.port}/hook`,
      WARMPOOL_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, "w").toString("base64")}`,
    },
    messages,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
