import type { z } from "zod";
import { type ProcedureInfo, type ProcedurePath, procedures } from "../procedures.ts";
import type { appRouter } from "../router.ts";

/**
 * A route of the admin HTTP is a row: a procedure under another address. Its input, its roles, its
 * result and its effect are those of the procedure, so that the two APIs cannot diverge.
 */
export type Route = {
  method: "GET" | "PUT" | "POST" | "DELETE";
  /**
   * Below /admin/v1. `:name` is the input's field of that name; the others travel in the query or, where there is
   * one, the body.
   */
  path: string;
  procedure: ProcedureInfo;
  summary: string;
  output: z.ZodType;
  /** Fields of the response that are shown once: null when a stored response is repeated. */
  secrets: readonly string[];
};

type Tree = typeof appRouter._def.record;
/** A procedure's result as it is returned: dates are already strings. */
type OutputOf<Path extends ProcedurePath> = Path extends `${infer Group extends keyof Tree}.${infer Name}`
  ? Name extends keyof Tree[Group]
    ? Tree[Group][Name] extends { _def: { $types: { output: infer Output } } }
      ? Output
      : never
    : never
  : never;

/** The schema, where everything the procedure gives back fits it; else nothing that could be written there. */
type Covers<Schema extends z.ZodType, Path extends ProcedurePath> = [OutputOf<Path>] extends [z.input<Schema>]
  ? Schema
  : never;

const KNOWN = new Map(procedures().map((procedure) => [procedure.path, procedure]));

/** One row. That `output` covers what the procedure gives back is held by its type. */
export function route<Path extends ProcedurePath, Schema extends z.ZodType>(
  method: Route["method"],
  path: string,
  name: Path,
  summary: string,
  output: Schema & Covers<Schema, Path>,
  secrets: readonly string[] = [],
): Route {
  const procedure = KNOWN.get(name);
  if (procedure === undefined) throw new Error(`there is no procedure ${name}`);
  return { method, path, procedure, summary, output, secrets };
}

/** The input fields in the path. */
export function pathFields(path: string): string[] {
  return [...path.matchAll(/:(\w+)/g)].flatMap(([, name]) => (name === undefined ? [] : [name]));
}

/** Whether the fields that are not in the path are sent in the body. */
export function hasBody(method: Route["method"]): boolean {
  return method === "PUT" || method === "POST";
}
