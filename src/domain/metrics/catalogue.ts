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
    help: "Ready machines on online nodes: those that a tester can get now.",
    labels: ["pool"],
  },
  warmpool_pool_target: {
    type: "gauge",
    help: "targetSize of the pool: the number of machines to keep ready.",
    labels: ["pool"],
  },
  warmpool_pool_max: {
    type: "gauge",
    help: "maxSize of the pool: the maximum number of machines, in any state.",
    labels: ["pool"],
  },
  warmpool_pool_paused: {
    type: "gauge",
    help: "1 while the pool is paused: it does not create or tear down machines automatically.",
    labels: ["pool"],
  },
  warmpool_pool_condition: {
    type: "gauge",
    help: "1 if the condition (docs/conditions.md) is true, else 0.",
    labels: ["pool", "condition"],
  },
  warmpool_assignments: {
    type: "gauge",
    help: "Assignments that are not released, by state.",
    labels: ["pool", "state"],
  },
  warmpool_waiting_oldest_seconds: {
    type: "gauge",
    help: "The longest time that a tester now in the queue has waited; 0 if the queue is empty.",
    labels: ["pool"],
  },
  warmpool_deleting_oldest_seconds: {
    type: "gauge",
    help: "Age of the oldest delete that is not proven; 0 if there is none.",
    labels: ["pool"],
  },
  warmpool_tester_machines_down: {
    type: "gauge",
    help: "Assigned machines that are stopped or deleted on their node, or have not responded for two minutes.",
    labels: ["pool"],
  },
  warmpool_node_driver_down: {
    type: "gauge",
    help: "1 while the node's driver fails to list its machines or to report the node's inventory, else 0.",
    labels: ["node"],
  },
  warmpool_nodes: { type: "gauge", help: "Nodes, by state.", labels: ["state"] },
  warmpool_orphans: {
    type: "gauge",
    help: "Machines with this installation's mark that have no row: seen (a later listing or an admin has to confirm them) or leaving (being torn down, not proven gone).",
    labels: ["node", "state"],
  },
  warmpool_duty_age_seconds: {
    type: "gauge",
    help: "Seconds since the duty of the sweep last ended; missing before its first end.",
    labels: ["duty"],
  },
  warmpool_duty_failed: {
    type: "gauge",
    help: "1 if the last run of the duty failed, else 0.",
    labels: ["duty"],
  },
  warmpool_webhook_pending: {
    type: "gauge",
    help: "Webhook messages that are not delivered yet.",
    labels: [],
  },
  warmpool_webhook_oldest_seconds: {
    type: "gauge",
    help: "Age of the oldest undelivered webhook message; 0 if there is none.",
    labels: [],
  },
  warmpool_claims_total: {
    type: "counter",
    help: "Claims: warm (a machine was assigned at once), waited (the tester waited in the queue), missed (the machine was unreachable and was swapped).",
    labels: ["pool", "outcome"],
  },
  warmpool_operations_total: {
    type: "counter",
    help: "Finished operations, by kind and outcome. A delete that fails is retried and finishes only when it is proven.",
    labels: ["node", "kind", "outcome"],
  },
  warmpool_refused_requests_total: {
    type: "counter",
    help: "Requests that the edge refused before processing them: no_token, wrong_token (unknown, expired or revoked), rate_limited (a token over its limit), too_many_streams, too_many_connections (from one address).",
    labels: ["reason"],
  },
  warmpool_claim_seconds: {
    type: "histogram",
    help: "From the request until a machine was claimed: 0 for a warm claim. A claim after a swap counts again, from the request.",
    labels: ["pool"],
  },
  warmpool_ready_seconds: {
    type: "histogram",
    help: "From the decision to create a machine until it was known good.",
    labels: ["pool"],
  },
  warmpool_setup_seconds: {
    type: "histogram",
    help: "From the claim of the machine, or its last retry, until its set-up and hand-over were complete.",
    labels: ["pool"],
  },
  warmpool_assign_seconds: {
    type: "histogram",
    help: "From the request until the hand-over: the whole time that a tester waits.",
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
