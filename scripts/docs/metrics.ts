import { BOUNDS, METRICS } from "../../src/domain/metrics/catalogue.ts";
import { ALERTS } from "./alerts.ts";

/** docs/metrics.md: every metric and every alert. */
export function metricsDocument(): string {
  return [
    "# Metrics\n",
    "`GET /metrics` returns the metrics in Prometheus' text format. It requires a token with the role `viewer` or `admin`:\n",
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
    "All metrics come from the database, so every instance of the edge returns the same: scrape one. Counters and histograms",
    "count from the creation of the installation, each event once, and never decrease, even after pruning or a restart. In",
    "queries, use `max` over instances if you scrape several. The series of a removed pool remain.\n",
    "| metric | type | labels | meaning |",
    "|---|---|---|---|",
    ...Object.entries(METRICS).map(
      ([name, { type, labels, help }]) =>
        `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(", ")} | ${help} |`,
    ),
    `\nHistograms are in seconds, with the buckets ${BOUNDS.join(", ")} and +Inf.\n`,
    "## Alerts\n",
    "docs/alerts.yml has the rules. docs/grafana.json is a dashboard to import into Grafana. `page` needs action now, `ticket` within the day.\n",
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
