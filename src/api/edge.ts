import type { Assignment } from "../contract/assignment.ts";
import type { Connection } from "../db/client.ts";
import type { SecretKeys } from "../domain/secrets/keys.ts";
import type { WebhookSetting } from "../domain/webhook/receiver.ts";
import type { DashboardFiles } from "./dashboard.ts";
import type { Limits } from "./limits.ts";

/** What an entry hands to the app with each request: the app keeps nothing between them. */
export type Edge = {
  connection: Connection;
  /** The bootstrap admin token, a secret of the deployment. */
  adminToken: string | undefined;
  /** Settings of the deployment that cannot be used, each as a sentence. */
  problems?: readonly string[];
  /** The network address that the request came from; callers without one count as one. */
  address?: string;
  /** Bounds other than the usual ones. */
  limits?: Partial<Limits>;
  /** How often one token may call the admin HTTP, per minute and instance. */
  adminRequestsPerMinute: number;
  /** Who is to be told what happens, by the environment of the deployment. */
  webhook: WebhookSetting;
  /** What seals secret parameters, a secret of the deployment. */
  secretKeys: SecretKeys;
  /** Where browsers reach this Warmpool, if not at the address that their requests have here: an origin. */
  publicOrigin?: string;
  /** The files of the dashboard. */
  files?: DashboardFiles;
  /** Records assigns; without it the trace of a caller is only passed on to the relay. */
  traces?: EdgeTraces;
  /** Lets work go on after the answer was sent. Its failure is logged, never the caller's. */
  after: (work: () => Promise<unknown>) => void;
};

/** What traces have to know of an assign (src/traces/assigns.ts). */
export type EdgeTraces = {
  /** An assign begins. @param caller the `traceparent` of the caller */
  assign: (caller: string | undefined) => {
    /** The `traceparent` that the set-ups of this assignment continue. */
    contextOf: (assignment: string) => string;
    /** The assignment was created. */
    created: (assignment: Pick<Assignment, "pool" | "state">) => void;
  };
};

/** What `adminRequestsPerMinute` is where nobody says otherwise: far above what people and dashboards ask. */
export const ADMIN_REQUESTS_PER_MINUTE = 3000;
