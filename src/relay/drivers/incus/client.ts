import * as z from "zod";
import { DriverError } from "../../driver.ts";
import { head } from "../../text.ts";
import { wrongAnswer } from "../../wrongAnswer.ts";
import { exchange } from "./socket.ts";
import type { Exchange } from "./socket.ts";

/**
 * Incus's REST API, bound to one project. What it answers is checked before anything relies on it; an answer that is
 * not understood is an error and never an absence.
 */
export type Incus = {
  /** What stands there now. @throws IncusError, NoAnswer, the signal's reason */
  read<T>(path: string, schema: z.ZodType<T>, signal: AbortSignal, options?: ReadOptions): Promise<T>;
  /** A file's or a log's bytes. */
  readBytes(path: string, signal: AbortSignal, query?: Query): Promise<Buffer>;
  /** Asks for a change. @returns the id of the operation that does it, null where it is done already */
  change(method: Exclude<Exchange["method"], "GET">, path: string, body?: unknown): Promise<string | null>;
};

type Query = Record<string, string>;
/** `everywhere` asks about all projects: for what only looks. */
type ReadOptions = { query?: Query; timeoutSeconds?: number; scope?: "project" | "everywhere" };

/** Incus answered that it did not, or could not. */
export class IncusError extends Error {
  override name = "IncusError";
  /** An HTTP status code. */
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const CALL_SECONDS = 30;
const LONGEST_TEXT = 1000;

const answer = z.discriminatedUnion("type", [
  z.object({ type: z.literal("sync"), metadata: z.unknown() }),
  z.object({ type: z.literal("async"), metadata: z.object({ id: z.string() }) }),
  z.object({ type: z.literal("error"), error: z.string(), error_code: z.number() }),
]);

export function incusClient({ socket, project }: { socket: string; project: string }): Incus {
  const send = ({ path, query, ...rest }: Omit<Exchange, "socket"> & { query?: Query }) =>
    exchange({ ...rest, socket, path: `${path}?${new URLSearchParams(query)}` });

  return {
    async read(path, schema, signal, { query = {}, timeoutSeconds = CALL_SECONDS, scope = "project" } = {}) {
      const where = scope === "project" ? { project } : { "all-projects": "true" };
      const asked = { ...query, ...where };
      const { body } = await send({ method: "GET", path, query: asked, signal, timeoutSeconds });
      const told = understand(body, path);
      if (told.type !== "sync")
        throw notUnderstood(path, "it started an operation instead of returning data");
      const parsed = schema.safeParse(told.metadata);
      if (!parsed.success) throw notUnderstood(path, wrongAnswer(parsed.error, "the answer"));
      return parsed.data;
    },

    async readBytes(path, signal, query = {}) {
      const { status, body } = await send({
        method: "GET",
        path,
        query: { ...query, project },
        signal,
        timeoutSeconds: CALL_SECONDS,
      });
      if (status === 200) return body;
      throw new IncusError(status, `Incus answered ${status} to GET ${path}`);
    },

    async change(method, path, content) {
      // Not ended by the caller's signal: a request on its way may already have started what it asks for, and only
      // its answer says under which name that can be waited for.
      const signal = AbortSignal.timeout(CALL_SECONDS * 1000);
      const query = { project };
      const { body } = await send({
        method,
        path,
        query,
        body: content,
        signal,
        timeoutSeconds: CALL_SECONDS,
      });
      const told = understand(body, path);
      return told.type === "async" ? told.metadata.id : null;
    },
  };
}

function understand(body: Buffer, path: string): Exclude<z.infer<typeof answer>, { type: "error" }> {
  const told = answer.safeParse(jsonOrNull(body));
  if (!told.success) throw notUnderstood(path, head(body.toString("utf8"), 200));
  if (told.data.type !== "error") return told.data;
  throw new IncusError(told.data.error_code, head(told.data.error, LONGEST_TEXT));
}

function jsonOrNull(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return null;
  }
}

function notUnderstood(path: string, what: string): DriverError {
  return new DriverError(
    "failed",
    `Incus returned a response to ${path} that this driver does not understand (it supports Incus 6.0): ${what}`,
  );
}
