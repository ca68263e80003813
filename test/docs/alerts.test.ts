import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { ALERTS } from "../../scripts/docs/alerts.ts";
import { METRICS, type MetricName } from "../../src/domain/metrics/catalogue.ts";
import { hasPromtool, promtool } from "../helpers/promtool.ts";

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url));

function metricOf(name: string): MetricName | undefined {
  const names = Object.keys(METRICS) as MetricName[];
  return names.find(
    (metric) =>
      metric === name ||
      (METRICS[metric].type === "histogram" && name.replace(/_(bucket|sum|count)$/, "") === metric),
  );
}

test.each(ALERTS)("$name asks for metrics and labels that there are", ({ expr }) => {
  for (const [, name = "", matchers = ""] of expr.matchAll(/(warmpool_\w+)(?:\{([^}]*)\})?/g)) {
    const metric = metricOf(name);
    if (metric === undefined) throw new Error(`there is no metric ${name}`);
    const labels = [...matchers.matchAll(/(\w+)\s*=/g)].map(([, label]) => label);
    expect(METRICS[metric].labels).toEqual(expect.arrayContaining(labels));
  }
  for (const [, label = ""] of expr.matchAll(/by \((\w+)\)/g)) {
    const known = Object.values(METRICS).flatMap((metric): readonly string[] => metric.labels);
    expect(known).toContain(label);
  }
});

test.runIf(hasPromtool())("promtool takes the rules, and they ring when they should", () => {
  const checked = promtool(["check", "rules", file("../../docs/alerts.yml")]);
  expect(checked).toContain(`${ALERTS.length} rules found`);
  expect(promtool(["test", "rules", file("alerts.rules.yml")])).toContain("SUCCESS");
});
