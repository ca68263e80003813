import type { CallerRole } from "../contract/token.ts";

/**
 * Who may call what. A procedure is for an audience: `app` is the main app's business, `admin` the operator's, `node`
 * a relay's, `join` that of a node which has no credential yet, `page` a tester's on their own page. Reading is open to viewers too; changing is not.
 */
export type Audience = "app" | "admin" | "node" | "join" | "page";
export type CallKind = "read" | "change";

const ALLOWED: Record<Audience, Record<CallKind, readonly CallerRole[]>> = {
  app: { read: ["app", "admin", "viewer"], change: ["app", "admin"] },
  admin: { read: ["admin", "viewer"], change: ["admin"] },
  node: { read: ["node"], change: ["node"] },
  join: { read: ["join"], change: ["join"] },
  page: { read: ["tester"], change: ["tester"] },
};

/** The roles whose tokens open a call of that audience and kind. */
export function allowedRoles(audience: Audience, kind: CallKind): readonly CallerRole[] {
  return ALLOWED[audience][kind];
}
