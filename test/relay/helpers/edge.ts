import { progress } from "../../../src/contract/progress.ts";
import { randomUUID } from "node:crypto";
import { initTRPC, TRPCError } from "@trpc/server";
import { createHTTPServer } from "@trpc/server/adapters/standalone";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { ErrorCode } from "../../../src/contract/errors.ts";
import type { Inventory } from "../../../src/contract/node.ts";
import type { Progress } from "../../../src/contract/progress.ts";
import {
  finishInput,
  joinInput,
  leaseInput,
  type LeasedOperation,
  openInput,
  renewInput,
  reportInput,
} from "../../../src/contract/relay.ts";
import type { Listing } from "../../../src/contract/listing.ts";
import type { OperationResult } from "../../../src/contract/operationResult.ts";
import { until } from "../../helpers/until.ts";
import { quiet } from "./quiet.ts";

quiet();

/**
 * The relay's protocol over real HTTP and tRPC, with the contract's own schemas, and a queue in memory where the edge
 * has its database: leases, tokens and sessions behave as src/domain/operations/lease.ts has them.
 */
export const JOIN_TOKEN = "wp_join_once";
export const CREDENTIAL = "wp_node_secret";

type Body<T> = T extends LeasedOperation ? Omit<T, "id" | "token" | "attempt"> : never;
export type Queued = {
  id: string;
  body: Body<LeasedOperation>;
  state: "queued" | "leased" | "cancelling" | "done";
  token: number;
  attempt: number;
  session: string | null;
  leaseUntil: number;
  progress: Progress[];
  result: OperationResult | null;
};

export type TestEdge = AsyncDisposable & {
  url: string;
  readonly operations: Map<string, Queued>;
  readonly listings: (Listing | null)[];
  /** As relays told it when they opened their sessions. */
  readonly driverVersions: string[];
  readonly inventories: Inventory[];
  readonly renewals: number;
  /** Procedures that were refused by `failWith`, in order. */
  readonly refused: string[];
  enqueue(body: Body<LeasedOperation>): Queued;
  /** The operation's result, once a relay has finished it. */
  result(operation: Queued, seconds?: number): Promise<OperationResult>;
  /** Leases from now on say that the node works on so many creates and deletes at a time. */
  allow(concurrency: number): void;
  /** Every call from now on fails with this code; null ends that. */
  failWith(code: ErrorCode | null): void;
};

class Refusal extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode) {
    super(`refused: ${code}`);
    this.code = code;
  }
}

const t = initTRPC.context<{ bearer: string }>().create({
  errorFormatter: ({ shape, error }) => ({
    ...shape,
    data: { ...shape.data, code: error.cause instanceof Refusal ? error.cause.code : error.code },
  }),
});

function refuse(code: ErrorCode): never {
  throw new TRPCError({
    code: code === "UNAVAILABLE" ? "SERVICE_UNAVAILABLE" : "CONFLICT",
    message: code,
    cause: new Refusal(code),
  });
}

export async function testEdge(lease = { leaseSeconds: 60, renewSeconds: 15 }): Promise<TestEdge> {
  const operations = new Map<string, Queued>();
  const listings: (Listing | null)[] = [];
  const driverVersions: string[] = [];
  const inventories: Inventory[] = [];
  const refused: string[] = [];
  let session: string | null = null;
  let token = 0;
  let joined = false;
  let renewals = 0;
  let failing: ErrorCode | null = null;
  let allowed: { concurrency?: number } = {};
  const closing = new AbortController();

  const call = t.procedure.use(({ ctx, path, next }) => {
    if (failing !== null) {
      refused.push(path);
      refuse(failing);
    }
    if (ctx.bearer !== (path === "relay.join" ? JOIN_TOKEN : CREDENTIAL)) refuse("UNAUTHORIZED");
    return next();
  });
  const inSession = (asked: string): void => {
    if (asked !== session) refuse("LEASE_LOST");
  };
  const due = (free: { setups: number; others: number }): Queued[] => {
    const left = { ...free };
    return [...operations.values()].filter((operation) => {
      const open =
        operation.state === "queued" ||
        (operation.state !== "done" && (operation.leaseUntil <= Date.now() || operation.session !== session));
      return open && left[operation.body.kind === "setup" ? "setups" : "others"]-- > 0;
    });
  };
  const take = (operation: Queued): LeasedOperation => {
    operation.token = token += 1;
    operation.attempt += 1;
    operation.session = session;
    operation.leaseUntil = Date.now() + lease.leaseSeconds * 1000;
    if (operation.state === "queued") operation.state = "leased";
    const { id, attempt, body } = operation;
    return { id, token, attempt, ...body };
  };
  const standing = (id: string, asked: number): Queued | null => {
    const operation = operations.get(id);
    return operation?.token === asked && operation.session === session && operation.state !== "done"
      ? operation
      : null;
  };

  const router = t.router({
    relay: t.router({
      join: call.input(joinInput).mutation(() => {
        if (joined) refuse("UNAUTHORIZED");
        joined = true;
        return { node: "n1", credential: CREDENTIAL, installation: "test" };
      }),
      open: call.input(openInput).mutation(({ input }) => {
        session = randomUUID();
        listings.push(input.listing);
        driverVersions.push(input.driverVersion);
        return { session, node: "n1", installation: "test", ...lease };
      }),
      lease: call.input(leaseInput).mutation(async ({ input, signal }) => {
        inSession(input.session);
        const over = (): boolean =>
          signal?.aborted === true || closing.signal.aborted || session !== input.session;
        // A long poll by the clock, as the edge has it: no deadline that stretches.
        const endsAt = performance.now() + input.waitSeconds * 1000;
        while (due(input.free).length === 0 && !over() && performance.now() < endsAt) await delay(20);
        inSession(input.session);
        if (signal?.aborted === true) return { operations: [] };
        return { operations: due(input.free).map(take), ...allowed };
      }),
      renew: call.input(renewInput).mutation(({ input }) => {
        inSession(input.session);
        renewals += 1;
        return {
          operations: input.operations.map(({ id, token: asked, progress: told }) => {
            const operation = standing(id, asked);
            if (operation === null) return { id, status: "lost" as const };
            operation.leaseUntil = Date.now() + lease.leaseSeconds * 1000;
            if (told !== undefined) operation.progress.push(progress.parse(told));
            return {
              id,
              status: operation.state === "cancelling" ? ("cancelling" as const) : ("held" as const),
            };
          }),
        };
      }),
      finish: call.input(finishInput).mutation(({ input }) => {
        inSession(input.session);
        const operation = standing(input.id, input.token) ?? refuse("LEASE_LOST");
        if (input.result.outcome === "handed_back") operation.state = "queued";
        else Object.assign(operation, { state: "done", result: input.result });
        return { ok: true as const };
      }),
      report: call.input(reportInput).mutation(({ input }) => {
        inSession(input.session);
        if (input.inventory !== undefined) inventories.push(input.inventory);
        return { ok: true as const };
      }),
    }),
  });

  const server = createHTTPServer({
    router,
    basePath: "/trpc/",
    createContext: ({ req }) => ({ bearer: (req.headers.authorization ?? "").replace(/^Bearer /, "") }),
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    operations,
    listings,
    driverVersions,
    inventories,
    refused,
    get renewals() {
      return renewals;
    },
    enqueue(body) {
      const operation: Queued = {
        id: randomUUID(),
        body,
        state: "queued",
        token: 0,
        attempt: 0,
        session: null,
        leaseUntil: 0,
        progress: [],
        result: null,
      };
      operations.set(operation.id, operation);
      return operation;
    },
    result: (operation, seconds = 15) =>
      until(`the result of ${operation.body.kind}`, () => operation.result, { seconds }),
    allow(concurrency) {
      allowed = { concurrency };
    },
    failWith(code) {
      failing = code;
    },
    async [Symbol.asyncDispose]() {
      closing.abort();
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
