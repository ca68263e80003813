import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { initTRPC, tracked, TRPCError } from "@trpc/server";
import { createHTTPHandler } from "@trpc/server/adapters/standalone";
import { assignInput, testerInput, testerWatchInput } from "../../src/contract/assignment.ts";
import type { Assignment, AssignResult } from "../../src/contract/assignment.ts";
import type { ErrorCode } from "../../src/contract/errors.ts";
import type { PoolView } from "../../src/contract/pool.ts";

/**
 * A real tRPC server over HTTP with the contract's schemas, whose answers a test decides: for what the real one
 * cannot be brought to at will (an answer that never comes, a stream cut in the middle).
 */
export type StandIn = AsyncDisposable & {
  url: string;
  requests: { path: string; authorization: string | undefined }[];
  /** Ends every connection at once, as a killed server does; new ones are accepted. */
  cut: () => void;
};

export type Answers = {
  /** What requests get before tRPC sees any, one after the other: as from a gateway in front. */
  gateway?: { status: number; headers?: Record<string, string>; body: string }[];
  assign?: () => AssignResult;
  status?: (signal: AbortSignal | undefined) => Assignment | Promise<Assignment>;
  /** Yields the assignments from the event after `lastEventId` on. */
  watch?: (
    lastEventId: string | null,
    signal: AbortSignal | undefined,
  ) => AsyncIterable<[string, Assignment]>;
  pools?: () => PoolView[];
};

/** An error answer with a code of the contract; `code` is tRPC's own, which decides the HTTP status. */
export class Refusal extends TRPCError {
  readonly answer: ErrorCode;
  constructor(answer: ErrorCode, code: TRPCError["code"], message: string) {
    super({ code, message });
    this.answer = answer;
  }
}

export async function standIn(answers: Answers): Promise<StandIn> {
  const gateway = [...(answers.gateway ?? [])];
  const requests: StandIn["requests"] = [];
  const handler = createHTTPHandler({
    router: routerFor(answers),
    basePath: "/trpc/",
  });
  const server = createServer((request, response) => {
    requests.push({ path: pathOf(request), authorization: request.headers.authorization });
    const first = gateway.shift();
    if (first === undefined) handler(request, response);
    else response.writeHead(first.status, first.headers).end(first.body);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    cut: () => server.closeAllConnections(),
    [Symbol.asyncDispose]: async () => {
      if (!server.listening) return;
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function routerFor(answers: Answers) {
  const t = initTRPC.create({
    errorFormatter: ({ shape, error }) =>
      error instanceof Refusal ? { ...shape, data: { ...shape.data, code: error.answer } } : shape,
  });
  return t.router({
    tester: t.router({
      assign: t.procedure.input(assignInput).mutation(() => told(answers.assign)()),
      status: t.procedure.input(testerInput).query(({ signal }) => told(answers.status)(signal)),
      watch: t.procedure.input(testerWatchInput).subscription(async function* ({ input, signal }) {
        for await (const [id, assignment] of told(answers.watch)(input.lastEventId ?? null, signal)) {
          yield tracked(id, assignment);
        }
      }),
    }),
    pool: t.router({ list: t.procedure.query(() => told(answers.pools)()) }),
  });
}

function told<T>(answer: T | undefined): T {
  if (answer === undefined)
    throw new TRPCError({ code: "NOT_FOUND", message: "the test gave no answer for this" });
  return answer;
}

function pathOf(request: IncomingMessage): string {
  return new URL(request.url ?? "/", "http://127.0.0.1").pathname;
}
