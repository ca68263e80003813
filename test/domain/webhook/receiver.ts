import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { Receiver } from "../../../src/domain/webhook/receiver.ts";

export const SECRET = `whsec_${btoa("a secret of thirty-two bytes ...")}`;
export const NEXT_SECRET = `whsec_${btoa("another one of thirty-two bytes.")}`;

/** A receiver of webhooks on loopback that keeps what it gets and answers as the test says. */
export type TestReceiver = AsyncDisposable & {
  receiver: Receiver;
  got: { headers: IncomingHttpHeaders; body: string }[];
  /** How the next requests are answered; `hang` never does. 204 where nothing is left. */
  answers: (number | "hang" | { status: number; headers: Record<string, string>; body?: string })[];
  /** Requests that were open at the same time, at most. */
  mostAtOnce(): number;
};

export async function startReceiver(secrets: readonly string[] = [SECRET]): Promise<TestReceiver> {
  const got: TestReceiver["got"] = [];
  const answers: TestReceiver["answers"] = [];
  let open = 0;
  let most = 0;
  const answer = (response: ServerResponse) => {
    const how = answers.shift() ?? 204;
    if (how === "hang") return;
    const { status, headers, body } =
      typeof how === "number" ? { status: how, headers: {}, body: undefined } : how;
    response.writeHead(status, headers).end(body);
  };
  const server = createServer((request, response) => {
    open += 1;
    most = Math.max(most, open);
    response.once("close", () => (open -= 1));
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      got.push({ headers: request.headers, body: Buffer.concat(pieces).toString("utf8") });
      answer(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the receiver has no port");
  return {
    receiver: { url: `http://127.0.0.1:${address.port}/hook`, secrets },
    got,
    answers,
    mostAtOnce: () => most,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
