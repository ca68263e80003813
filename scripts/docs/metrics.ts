import { BOUNDS, METRICS } from "../../src/domain/metrics/catalogue.ts";
import { ALERTS } from "./alerts.ts";

/** docs/metrics.md: every metric and every alert. */
export function metricsDocument(): string {
  return [
    "# Metrics\n",
    "`GET /metrics` gives them in Prometheus' text format, to a token of the role `viewer` or `admin`:\n",
    "```yaml",
    "scrape_configs:",
    "  - job_name: warmpool",
    "    scrape_interval: 30s",
    "    authorization:",
    "      credentials_file: /etc/prometheus/warmpool.token # warmpool token create prometheus --role viewer",
    "    static_configs:",
    "      - targets: ['127.0.0.1:8787']",
    "rule_files:",
    "  - alerts.yml # docs/alerts.yml",
    "```\n",
    "All of it is read from the database, so every instance of the edge says the same: scrape one. Counters and histograms",
    "count since the installation began, each thing once, and never go backwards, whatever is pruned or started again. In",
    "a query take `max` over instances where you scrape several. A pool's series stay after it was removed.\n",
    "| metric | type | labels | meaning |",
    "|---|---|---|---|",
    ...Object.entries(METRICS).map(
      ([name, { type, labels, help }]) =>
        `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`,
    ),
    `\nHistograms are in seconds, with the buckets ${BOUNDS.join(", ")} and +Inf.\n`,
    "## Alerts\n",
    "docs/alerts.yml has the rules. docs/grafana.json is a dashboard to import into Grafana. `page` is for now, `ticket` for today.\n",
    "| alert | severity | after | what to do |",
    "|---|---|---|---|",
    ...ALERTS.map(
      (alert) =>
        `| \`${alert.name}\`: ${plain(alert.summary)} | ${alert.severity} | ${alert.for} | ${alert.action} |`,
    ),
    "",
  ].join("\n");
}

/** A summary without Prometheus' templates: `{{ $labels.pool }}` becomes POOL. */
function plain(summary: string): string {
  return summary
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => label.toUpperCase())
    .replaceAll("{{ $value }}", "N");
}
