import { METRICS, type MetricName, type Sample } from "../domain/metrics/catalogue.ts";

/** The Prometheus text exposition format, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats */
export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** All samples as one text: each metric once with its help and type, its samples together below it. */
export function expose(samples: readonly Sample[]): string {
  const names = Object.keys(METRICS) as MetricName[];
  return names
    .flatMap((metric) => {
      const { help, type } = METRICS[metric];
      const lines = samples.filter((sample) => sample.metric === metric).flatMap(linesOf);
      return [`# HELP ${metric} ${escapeHelp(help)}`, `# TYPE ${metric} ${type}`, ...lines];
    })
    .concat("")
    .join("\n");
}

function linesOf(sample: Sample): string[] {
  const { metric, labels } = sample;
  if (!("buckets" in sample)) return [`${metric}${labelText(metric, labels)} ${sample.value}`];
  let count = 0;
  const buckets = sample.buckets.map((bucket) => {
    count += bucket.count;
    const le = bucket.le === Infinity ? "+Inf" : String(bucket.le);
    return `${metric}_bucket${labelText(metric, labels, le)} ${count}`;
  });
  const text = labelText(metric, labels);
  return [...buckets, `${metric}_sum${text} ${sample.sum}`, `${metric}_count${text} ${count}`];
}

function labelText(metric: MetricName, labels: Record<string, string>, le?: string): string {
  const pairs = METRICS[metric].labels.map((name) => `${name}="${escapeValue(labels[name] ?? "")}"`);
  if (le !== undefined) pairs.push(`le="${le}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escapeValue(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}
