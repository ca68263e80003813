import { readMetrics } from "../domain/metrics/read.ts";
import type { Caller } from "../domain/access/tokens.ts";
import { allowedRoles } from "./access.ts";
import type { Edge } from "./edge.ts";
import { expose, EXPOSITION_TYPE } from "./exposition.ts";
import { problemResponse, tell } from "./http/problem.ts";
import { mustBe } from "./trpc.ts";

/** `GET /metrics`, for Prometheus: everything in src/domain/metrics/catalogue.ts as it stands in the database. */
export async function metrics(edge: Edge, caller: Caller, requestId: string): Promise<Response> {
  const { db } = edge.connection;
  try {
    mustBe(caller, allowedRoles("admin", "read"));
    return new Response(expose(await readMetrics(db)), {
      headers: { "content-type": EXPOSITION_TYPE, "cache-control": "no-store" },
    });
  } catch (error) {
    return problemResponse(tell(error, requestId));
  }
}
