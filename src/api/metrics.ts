import { HTTP_STATUS, WarmpoolError } from "../pool/errors.ts";
import { readMetrics } from "../pool/metrics/read.ts";
import { noteUse } from "../pool/tokenList.ts";
import { authenticate } from "../pool/tokens.ts";
import { allowedRoles } from "./access.ts";
import type { Edge } from "./edge.ts";
import { expose, EXPOSITION_TYPE } from "./exposition.ts";
import { asWarmpoolError } from "./failures.ts";

/** `GET /metrics`, for Prometheus: everything in src/pool/metrics/catalogue.ts as it stands in the database. */
export async function metrics(edge: Edge, bearer: string | null, requestId: string): Promise<Response> {
  const { db } = edge.connection;
  try {
    const caller = await authenticate(db, bearer, edge.adminToken);
    const { token, noted } = caller;
    if (token !== null && !noted) edge.after(() => noteUse(db, token));
    const allowed = allowedRoles("admin", "read");
    if (!allowed.includes(caller.role)) {
      throw new WarmpoolError(
        "FORBIDDEN",
        `a token of role ${caller.role} may not read metrics; it takes ${allowed.join(" or ")}`,
      );
    }
    return new Response(expose(await readMetrics(db)), {
      headers: { "content-type": EXPOSITION_TYPE, "cache-control": "no-store" },
    });
  } catch (error) {
    const { code, message } = asWarmpoolError(error, requestId);
    const status = HTTP_STATUS[code];
    return Response.json(
      { type: "about:blank", status, code, detail: message },
      { status, headers: { "content-type": "application/problem+json" } },
    );
  }
}
