import { keysOf } from "../../contract/keysOf.ts";
import { OPERATION_KINDS } from "../../contract/operation.ts";
import type { Db } from "../../db/client.ts";
import {
  BOUNDS,
  CLAIM_OUTCOMES,
  METRICS,
  type MetricName,
  OPERATION_OUTCOMES,
  REFUSAL_REASONS,
  type Sample,
} from "./catalogue.ts";
import { readGauges } from "./gauges.ts";
import { readTallies, type Tally } from "./tally.ts";

/** Every sample there is now: the gauges, and every counter and histogram, those that never happened as 0. */
export async function readMetrics(db: Db): Promise<Sample[]> {
  const [gauges, tallies] = await Promise.all([readGauges(db), readTallies(db)]);
  const pools = gauges.pools.map((pool) => pool.name);
  return [...gauges.samples, ...counters(tallies, pools, gauges.nodes), ...histograms(tallies, pools)];
}

function counters(tallies: readonly Tally[], pools: readonly string[], nodes: readonly string[]): Sample[] {
  const claims = pools.flatMap((pool) => CLAIM_OUTCOMES.map((outcome) => ({ pool, outcome })));
  const operations = nodes.flatMap((node) =>
    keysOf(OPERATION_KINDS).flatMap((kind) => OPERATION_OUTCOMES.map((outcome) => ({ node, kind, outcome }))),
  );
  return [
    ...series(tallies, "warmpool_claims_total", claims),
    ...series(tallies, "warmpool_operations_total", operations),
    ...series(
      tallies,
      "warmpool_refused_requests_total",
      REFUSAL_REASONS.map((reason) => ({ reason })),
    ),
  ].map(({ metric, labels, parts }) => ({
    metric,
    labels,
    value: parts.reduce((sum, part) => sum + part.count, 0),
  }));
}

function histograms(tallies: readonly Tally[], pools: readonly string[]): Sample[] {
  const names = (Object.keys(METRICS) as MetricName[]).filter((name) => METRICS[name].type === "histogram");
  const expected = pools.map((pool) => ({ pool }));
  return names
    .flatMap((metric) => series(tallies, metric, expected))
    .map(({ metric, labels, parts }) => ({
      metric,
      labels,
      buckets: bucketed(parts),
      sum: parts.reduce((sum, part) => sum + part.sum, 0),
    }));
}

/** What was counted with other bounds, by an earlier version, goes to the first bound that it lies under. */
function bucketed(parts: readonly Tally[]): { le: number; count: number }[] {
  const bounds = [...BOUNDS, Infinity];
  return bounds.map((le, index) => {
    const below = bounds[index - 1] ?? -Infinity;
    const inside = parts.filter((part) => part.le > below && part.le <= le);
    return { le, count: inside.reduce((sum, part) => sum + part.count, 0) };
  });
}

type Series = { metric: MetricName; labels: Record<string, string>; parts: Tally[] };

/** The tallies of a metric by their labels: those that are expected from the start, and any other that was counted. */
function series(
  tallies: readonly Tally[],
  metric: MetricName,
  expected: readonly Record<string, string>[],
): Series[] {
  const found = new Map<string, Series>();
  const at = (labels: Record<string, string>): Series => {
    const key = METRICS[metric].labels.map((label) => labels[label] ?? "").join("\0");
    const standing = found.get(key) ?? { metric, labels, parts: [] };
    found.set(key, standing);
    return standing;
  };
  for (const labels of expected) at(labels);
  for (const tally of tallies) if (tally.metric === metric) at(tally.labels).parts.push(tally);
  return [...found.values()];
}
