/** docs/grafana.json: a Grafana dashboard of the metrics that a person looks at first, one row for all pools and nodes. */
type Panel = {
  title: string;
  /** What it shows, and when to worry. */
  description: string;
  unit: "short" | "s" | "percentunit";
  stacked?: boolean;
  queries: readonly { expr: string; legend: string }[];
};

const quantiles = (metric: string) =>
  [0.5, 0.95].map((q) => ({
    expr: `histogram_quantile(${q}, sum by (pool, le) (increase(${metric}_bucket{pool=~"$pool"}[$__rate_interval])))`,
    legend: `{{pool}} p${q * 100}`,
  }));

/** Several instances of the edge say the same, so `max` is taken over them. */
export const PANELS: readonly Panel[] = [
  {
    title: "Machines by state",
    description: "Ready should be close to the target; suspect and deleting should be temporary.",
    unit: "short",
    stacked: true,
    queries: [
      {
        expr: 'sum by (state) (max by (pool, state) (warmpool_machines{pool=~"$pool"}))',
        legend: "{{state}}",
      },
    ],
  },
  {
    title: "Claimable machines, and the target",
    description: "Machines that an assign can get now. At 0, testers wait.",
    unit: "short",
    queries: [
      { expr: 'max by (pool) (warmpool_machines_claimable{pool=~"$pool"})', legend: "{{pool}} ready" },
      { expr: 'max by (pool) (warmpool_pool_target{pool=~"$pool"})', legend: "{{pool}} target" },
    ],
  },
  {
    title: "Claims by outcome",
    description: "Warm: a machine at once. Waited: in the queue. Missed: the machine could not be reached.",
    unit: "short",
    stacked: true,
    queries: [
      {
        expr: 'sum by (outcome) (max by (pool, outcome) (increase(warmpool_claims_total{pool=~"$pool"}[$__rate_interval])))',
        legend: "{{outcome}}",
      },
    ],
  },
  {
    title: "Testers by state",
    description: "Waiting, being set up, active, or failed.",
    unit: "short",
    stacked: true,
    queries: [
      {
        expr: 'sum by (state) (max by (pool, state) (warmpool_assignments{pool=~"$pool"}))',
        legend: "{{state}}",
      },
    ],
  },
  {
    title: "Longest wait",
    description: "The longest time that a tester now in the queue has waited.",
    unit: "s",
    queries: [{ expr: 'max by (pool) (warmpool_waiting_oldest_seconds{pool=~"$pool"})', legend: "{{pool}}" }],
  },
  {
    title: "From the request to the claim",
    description: "How long testers wait until a machine is claimed.",
    unit: "s",
    queries: quantiles("warmpool_claim_seconds"),
  },
  {
    title: "Time to ready",
    description: "From the decision to create a machine until it was known good.",
    unit: "s",
    queries: quantiles("warmpool_ready_seconds"),
  },
  {
    title: "Set-up",
    description: "From the claim until the set-up was complete.",
    unit: "s",
    queries: quantiles("warmpool_setup_seconds"),
  },
  {
    title: "Conditions that report a problem",
    description: "1 while the condition reports a problem; see docs/conditions.md.",
    unit: "short",
    queries: [
      {
        expr: 'max by (pool, condition) (warmpool_pool_condition{pool=~"$pool", condition!="Degraded"}) == 0',
        legend: "{{pool}} not {{condition}}",
      },
      {
        expr: 'max by (pool) (warmpool_pool_condition{pool=~"$pool", condition="Degraded"}) == 1',
        legend: "{{pool}} Degraded",
      },
    ],
  },
  {
    title: "Operations that failed",
    description: "By node and kind, since the previous sample.",
    unit: "short",
    stacked: true,
    queries: [
      {
        expr: 'sum by (node, kind) (max by (node, kind, outcome) (increase(warmpool_operations_total{outcome="failed"}[$__rate_interval])))',
        legend: "{{node}} {{kind}}",
      },
    ],
  },
  {
    title: "Nodes by state, and failing drivers",
    description: "Machines of a silent node are not assigned.",
    unit: "short",
    queries: [
      { expr: "max by (state) (warmpool_nodes)", legend: "{{state}}" },
      { expr: "max by (node) (warmpool_node_driver_down) == 1", legend: "{{node}}: driver down" },
    ],
  },
  {
    title: "Age of each duty",
    description: "If all are late, the scheduler has stopped.",
    unit: "s",
    queries: [{ expr: "max by (duty) (warmpool_duty_age_seconds)", legend: "{{duty}}" }],
  },
  {
    title: "Refused requests",
    description: "A flood, or a revoked token that is still in use.",
    unit: "short",
    stacked: true,
    queries: [
      {
        expr: "max by (reason) (increase(warmpool_refused_requests_total[$__rate_interval]))",
        legend: "{{reason}}",
      },
    ],
  },
];

const SOURCE = { type: "prometheus", uid: "${datasource}" };
const WIDTH = 12;
const HEIGHT = 8;

/** The dashboard as Grafana imports it. @param note where it comes from */
export function grafanaDashboard(note: string): string {
  const document = {
    title: "Warmpool",
    uid: "warmpool",
    description: note,
    schemaVersion: 39,
    editable: true,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    templating: {
      list: [
        { name: "datasource", label: "Data source", type: "datasource", query: "prometheus" },
        {
          name: "pool",
          label: "Pool",
          type: "query",
          datasource: SOURCE,
          query: { query: "label_values(warmpool_pool_target, pool)", refId: "pool" },
          refresh: 2,
          includeAll: true,
          multi: true,
          allValue: ".*",
          current: { selected: true, text: "All", value: "$__all" },
        },
      ],
    },
    panels: PANELS.map((panel, index) => ({
      id: index + 1,
      type: "timeseries",
      title: panel.title,
      description: panel.description,
      datasource: SOURCE,
      gridPos: {
        ...{ x: (index % 2) * WIDTH, y: Math.floor(index / 2) * HEIGHT, w: WIDTH, h: HEIGHT },
      },
      fieldConfig: {
        defaults: {
          unit: panel.unit,
          min: 0,
          custom: {
            fillOpacity: panel.stacked === true ? 30 : 0,
            stacking: { mode: panel.stacked === true ? "normal" : "none" },
          },
        },
        overrides: [],
      },
      options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi" } },
      targets: panel.queries.map(({ expr, legend }, at) => ({
        refId: String.fromCharCode(65 + at),
        datasource: SOURCE,
        expr,
        legendFormat: legend,
      })),
    })),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
