import { ASSIGNMENT_STATES } from "../../contract/assignment.ts";
import { MACHINE_STATES } from "../../contract/machine.ts";
import type { OperationState } from "../../contract/operation.ts";

/**
 * Every metric there is: what `GET /metrics` shows, what docs/metrics.md is written from, what the alert rules may
 * name. `help` is one sentence for an operator; `labels` in the order they are shown.
 */
type Metric = {
  type: "gauge" | "counter" | "histogram";
  help: string;
  labels: readonly string[];
};

export const METRICS = {
  warmpool_machines: {
    type: "gauge",
    help: "Machines that are not proven gone, by state.",
    labels: ["pool", "state"],
  },
  warmpool_machines_claimable: {
    type: "gauge",
    help: "Ready machines on online nodes: what a tester can be given this moment.",
    labels: ["pool"],
  },
  warmpool_pool_target: {
    type: "gauge",
    help: "targetSize of the pool: ready machines it should have.",
    labels: ["pool"],
  },
  warmpool_pool_max: {
    type: "gauge",
    help: "maxSize of the pool: machines in any state it may have.",
    labels: ["pool"],
  },
  warmpool_pool_paused: {
    type: "gauge",
    help: "1 while the pool is paused: it creates nothing and takes nothing down by itself.",
    labels: ["pool"],
  },
  warmpool_pool_condition: {
    type: "gauge",
    help: "1 where the condition of docs/conditions.md is true, else 0.",
    labels: ["pool", "condition"],
  },
  warmpool_assignments: {
    type: "gauge",
    help: "Assignments that are not released, by state.",
    labels: ["pool", "state"],
  },
  warmpool_waiting_oldest_seconds: {
    type: "gauge",
    help: "How long the tester who has waited longest has waited; 0 where nobody waits.",
    labels: ["pool"],
  },
  warmpool_deleting_oldest_seconds: {
    type: "gauge",
    help: "How long the oldest delete that is not proven has been going on; 0 where there is none.",
    labels: ["pool"],
  },
  warmpool_tester_machines_down: {
    type: "gauge",
    help: "Machines with a tester that are stopped or deleted on their node, or have not answered for two minutes.",
    labels: ["pool"],
  },
  warmpool_node_driver_down: {
    type: "gauge",
    help: "1 while the node's driver fails to list its machines or to say what the node has, else 0.",
    labels: ["node"],
  },
  warmpool_nodes: { type: "gauge", help: "Nodes, by state.", labels: ["state"] },
  warmpool_orphans: {
    type: "gauge",
    help: "Machines with this installation's mark that no row stood for: seen (a later listing or an admin has to confirm them) or leaving (being torn down, not proven gone).",
    labels: ["node", "state"],
  },
  warmpool_duty_age_seconds: {
    type: "gauge",
    help: "Seconds since the duty of the sweep last ended; missing before its first end.",
    labels: ["duty"],
  },
  warmpool_duty_failed: {
    type: "gauge",
    help: "1 where the last run of the duty failed, else 0.",
    labels: ["duty"],
  },
  warmpool_webhook_pending: {
    type: "gauge",
    help: "Messages of the webhook that are yet to be taken.",
    labels: [],
  },
  warmpool_webhook_oldest_seconds: {
    type: "gauge",
    help: "Age of the oldest of them; 0 where there is none.",
    labels: [],
  },
  warmpool_claims_total: {
    type: "counter",
    help: "Asked for: warm (given a machine at once), waited (had to stand in line), missed (the machine given could not be reached and was swapped).",
    labels: ["pool", "outcome"],
  },
  warmpool_operations_total: {
    type: "counter",
    help: "Operations that ended, by kind and outcome. A delete that fails is tried again and ends only when it is proven.",
    labels: ["node", "kind", "outcome"],
  },
  warmpool_refused_requests_total: {
    type: "counter",
    help: "Requests that the edge refused before it did anything: no_token, wrong_token (not known, expired or revoked), rate_limited (a token over its bound), too_many_streams, too_many_connections (of one address).",
    labels: ["reason"],
  },
  warmpool_claim_seconds: {
    type: "histogram",
    help: "From asking until a machine was claimed: 0 for a warm claim. A claim after a swap counts again, from the asking.",
    labels: ["pool"],
  },
  warmpool_ready_seconds: {
    type: "histogram",
    help: "From the wish for a machine until it was known good.",
    labels: ["pool"],
  },
  warmpool_setup_seconds: {
    type: "histogram",
    help: "From the claim of the machine, or from its last retry, until its set-up was done and handed over.",
    labels: ["pool"],
  },
  warmpool_assign_seconds: {
    type: "histogram",
    help: "From asking until the machine was the tester's: all that a tester waits for.",
    labels: ["pool"],
  },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof METRICS;

/** One number of one metric. A histogram's sample is its buckets, each with the bound it lies under. */
export type Sample =
  | { metric: MetricName; labels: Record<string, string>; value: number }
  | {
      metric: MetricName;
      labels: Record<string, string>;
      /** Ascending, each with the number of observations in it alone; the last bound is Infinity. */
      buckets: { le: number; count: number }[];
      sum: number;
    };

/** The values of labels that are shown from the start, as 0: a rate over a series that just appeared shows nothing. */
export const LIVE_MACHINE_STATES = MACHINE_STATES.filter((state) => state !== "deleted");
export const LIVE_ASSIGNMENT_STATES = ASSIGNMENT_STATES.filter((state) => state !== "released");
export const CLAIM_OUTCOMES = ["warm", "waited", "missed"] as const;
export const OPERATION_OUTCOMES = ["succeeded", "failed", "cancelled"] as const satisfies OperationState[];
export const REFUSAL_REASONS = [
  "no_token",
  "wrong_token",
  "rate_limited",
  "too_many_streams",
  "too_many_connections",
] as const;
export type RefusalReason = (typeof REFUSAL_REASONS)[number];

/** Upper bounds of the buckets of every histogram, in seconds: from a warm claim to a create that nobody should meet. */
export const BOUNDS = [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 3600] as const;
