import * as z from "zod";
import type { ErrorCode } from "../contract/errors.ts";
import type { CallerRole } from "../contract/token.ts";
import { allowedRoles, type Audience } from "./access.ts";
import { appRouter } from "./router.ts";
import type { Meta } from "./trpc.ts";

/**
 * The errors of each procedure. The roles come from the router itself; the codes that a procedure returns
 * are listed here, and test/api checks both against real calls. docs/procedures.md is generated from it.
 */

/** Codes that every procedure can return. */
export const COMMON_CODES = [
  "BAD_REQUEST",
  "UNAUTHORIZED",
  "FORBIDDEN",
  "RATE_LIMITED",
  "UNAVAILABLE",
  "INTERNAL",
] as const satisfies readonly ErrorCode[];

type Tree = typeof appRouter._def.record;
type Group = keyof Tree;
/** `"pool.get"` and all the others. */
export type ProcedurePath = { [Of in Group]: `${Of}.${keyof Tree[Of] & string}` }[Group];

/** The additional codes of each. A procedure that is missing here does not compile. */
const OWN_CODES: Record<ProcedurePath, readonly ErrorCode[]> = {
  "tester.assign": ["NOT_FOUND", "CONFLICT", "NO_CAPACITY", "POOL_PAUSED"],
  "tester.link": ["NOT_FOUND", "CONFLICT"],
  "tester.status": ["NOT_FOUND"],
  "tester.watch": ["NOT_FOUND"],
  "tester.log": ["NOT_FOUND"],
  "tester.release": ["NOT_FOUND"],
  "tester.extend": ["NOT_FOUND", "CONFLICT"],
  "tester.retry": ["NOT_FOUND", "CONFLICT"],
  "tester.list": [],
  "assignment.get": ["NOT_FOUND"],
  "assignment.release": ["NOT_FOUND"],
  "assignment.extend": ["NOT_FOUND", "CONFLICT"],
  "assignment.retry": ["NOT_FOUND", "CONFLICT"],
  "pool.list": [],
  "pool.history": ["NOT_FOUND"],
  "pool.get": ["NOT_FOUND"],
  "pool.put": ["NOT_FOUND"],
  "pool.plan": ["NOT_FOUND"],
  "pool.remove": ["NOT_FOUND", "CONFLICT"],
  "pool.pause": ["NOT_FOUND"],
  "pool.resume": ["NOT_FOUND"],
  "pool.default": ["NOT_FOUND"],
  "pool.empty": ["NOT_FOUND"],
  "recipe.list": [],
  "recipe.get": ["NOT_FOUND"],
  "recipe.put": [],
  "recipe.versions": ["NOT_FOUND"],
  "recipe.rollback": ["NOT_FOUND", "CONFLICT"],
  "recipe.remove": ["NOT_FOUND", "CONFLICT"],
  "machine.list": [],
  "machine.get": ["NOT_FOUND"],
  "machine.timeline": ["NOT_FOUND"],
  "machine.recreate": ["NOT_FOUND", "CONFLICT"],
  "machine.restart": ["NOT_FOUND", "CONFLICT"],
  "machine.hold": ["NOT_FOUND", "CONFLICT"],
  "machine.unhold": ["NOT_FOUND", "CONFLICT"],
  "machine.cut": ["NOT_FOUND", "CONFLICT"],
  "machine.uncut": ["NOT_FOUND", "CONFLICT"],
  "machine.forget": ["NOT_FOUND", "CONFLICT"],
  "node.list": [],
  "node.enroll": [],
  "node.drain": ["NOT_FOUND"],
  "node.resume": ["NOT_FOUND"],
  "node.label": ["NOT_FOUND"],
  "node.set": ["NOT_FOUND"],
  "node.lift": ["NOT_FOUND", "CONFLICT"],
  "node.reap": ["NOT_FOUND", "CONFLICT"],
  "node.remove": ["NOT_FOUND", "CONFLICT"],
  "import.start": [],
  "import.status": [],
  "import.undo": [],
  "event.list": [],
  "event.watch": [],
  "token.list": [],
  "token.create": [],
  "token.revoke": ["NOT_FOUND"],
  "capacity.report": ["NOT_FOUND"],
  "sweep.run": [],
  "sweep.duties": [],
  "installation.check": [],
  "settings.get": [],
  "settings.put": [],
  "webhook.get": [],
  "webhook.test": ["CONFLICT"],
  "session.link": [],
  "page.get": [],
  "page.watch": [],
  "page.addKeys": ["CONFLICT"],
  "page.extend": ["CONFLICT"],
  "page.release": [],
  "relay.join": [],
  "relay.open": [],
  "relay.lease": ["LEASE_LOST"],
  "relay.renew": [],
  "relay.finish": ["LEASE_LOST"],
  "relay.report": ["LEASE_LOST"],
};

export type ProcedureInfo = {
  path: ProcedurePath;
  type: "query" | "mutation" | "subscription";
  audience: Audience;
  /** The roles that may call it. */
  roles: readonly CallerRole[];
  codes: readonly ErrorCode[];
  /** Its input; an object without fields if it has none. */
  input: z.ZodType;
};

/** Every procedure the server has, read from its router. */
export function procedures(): ProcedureInfo[] {
  // By their dotted names, as the router keeps them; its type shows the tree they were written as.
  const { _def: router } = appRouter;
  const served = router.procedures as unknown as Record<
    ProcedurePath,
    { _def: { type: ProcedureInfo["type"]; meta?: Meta; inputs: z.ZodType[] } }
  >;
  return (Object.keys(served) as ProcedurePath[]).map((path) => {
    const { _def: definition } = served[path];
    const { type, meta, inputs } = definition;
    if (meta === undefined)
      throw new Error(`${path} is for nobody: make it by forApp, forAdmin, forNode or forJoin`);
    const { audience } = meta;
    const roles = allowedRoles(audience, type === "mutation" ? "change" : "read");
    const codes = [...COMMON_CODES, ...OWN_CODES[path]];
    return { path, type, audience, roles, codes, input: inputs[0] ?? z.strictObject({}) };
  });
}
