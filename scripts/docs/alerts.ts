/** The alert rules that come with Warmpool: docs/alerts.yml for Prometheus, and their part of docs/metrics.md. */
type Alert = {
  name: string;
  expr: string;
  /** How long it has to be so before somebody is told, as Prometheus writes durations. */
  for: string;
  severity: "page" | "ticket";
  /** One line for the pager. Prometheus puts labels in. */
  summary: string;
  action: string;
};

export const ALERTS: readonly Alert[] = [
  {
    name: "WarmpoolDown",
    expr: 'up{job="warmpool"} == 0 or absent(up{job="warmpool"})',
    for: "3m",
    severity: "page",
    summary: "Prometheus cannot reach Warmpool's edge",
    action:
      "Look at `/healthz`. Check that the edge runs and reaches its database. If only Prometheus is refused, its token may be revoked (`warmpool token list`).",
  },
  {
    name: "WarmpoolSweepLate",
    expr: "max by (duty) (warmpool_duty_age_seconds) > 300",
    for: "1m",
    severity: "page",
    summary: "Duty {{ $labels.duty }} of the sweep has not finished for 5 minutes",
    action:
      "`warmpool duties` shows which one failed and why. If all are late, the scheduler has stopped (the cron trigger on Cloudflare, the process on Node); `warmpool sweep` runs them now.",
  },
  {
    name: "WarmpoolDutyFails",
    expr: "max by (duty) (warmpool_duty_failed) == 1",
    for: "5m",
    severity: "ticket",
    summary: "Duty {{ $labels.duty }} of the sweep keeps failing",
    action: "`warmpool duties` has the error; the edge's log has more at the same time.",
  },
  {
    name: "WarmpoolNobodyServed",
    expr: "max by (pool) (warmpool_waiting_oldest_seconds) > 600",
    for: "1m",
    severity: "page",
    summary: "A tester has waited over 10 minutes for a machine of pool {{ $labels.pool }}",
    action:
      "`warmpool pool get POOL`: the condition Progressing says why there is no machine (docs/conditions.md). If there are more testers than `maxSize`, release some or raise it.",
  },
  {
    name: "WarmpoolPoolEmpty",
    expr: "max by (pool) (warmpool_machines_claimable) == 0 and max by (pool) (warmpool_pool_target) > 0",
    for: "10m",
    severity: "page",
    summary: "Pool {{ $labels.pool }} has had no ready machine for 10 minutes",
    action: "As WarmpoolNobodyServed: the condition Progressing names the cause.",
  },
  {
    name: "WarmpoolPoolStuck",
    expr: 'max by (pool) (warmpool_pool_condition{condition="Progressing"}) == 0 and max by (pool) (warmpool_pool_paused) == 0',
    for: "15m",
    severity: "ticket",
    summary: "Pool {{ $labels.pool }} lacks machines and none is being created",
    action:
      "`warmpool pool get POOL` shows the reason and the last failure; docs/conditions.md says what to do.",
  },
  {
    name: "WarmpoolPoolDegraded",
    expr: 'max by (pool) (warmpool_pool_condition{condition="Degraded"}) == 1',
    for: "5m",
    severity: "ticket",
    summary: "Pool {{ $labels.pool }} is degraded and needs a person",
    action:
      "`warmpool doctor` says what it is and what to do: a node whose machines died at once, orphans, or a host key that changed.",
  },
  {
    name: "WarmpoolPoolSetupsFail",
    expr: 'max by (pool) (warmpool_pool_condition{condition="SetupsWork"}) == 0',
    for: "5m",
    severity: "page",
    summary: "At least half of the set-ups of pool {{ $labels.pool }} failed in the last hour",
    action:
      "`warmpool tester list --state failed` names the testers, `warmpool log USER` shows the step and its output. If the recipe was pushed recently, run `warmpool recipe rollback NAME`. If a disk is full, look at the nodes.",
  },
  {
    name: "WarmpoolNodeSilent",
    expr: 'max(warmpool_nodes{state="silent"}) > 0',
    for: "5m",
    severity: "page",
    summary: "{{ $value }} node(s) have not been heard for over 5 minutes",
    action:
      "`warmpool node list` shows which. Check that its relay runs and reaches the edge. Until then its machines stay as they are and cannot be claimed. If the host is lost for good, run `warmpool node remove NAME --lost`.",
  },
  {
    name: "WarmpoolTesterMachineDown",
    expr: "max by (pool) (warmpool_tester_machines_down) > 0",
    for: "1m",
    severity: "page",
    summary:
      "{{ $value }} tester(s) of pool {{ $labels.pool }} cannot use their machine: it is stopped, deleted or silent",
    action:
      "`warmpool status` names them. Stopped: `warmpool machine restart NAME`. Gone: `warmpool machine recreate NAME --reassign` gives the tester another one and runs the set-up again.",
  },
  {
    name: "WarmpoolDriverDown",
    expr: "max by (node) (warmpool_node_driver_down) == 1",
    for: "3m",
    severity: "page",
    summary: "The driver of node {{ $labels.node }} does not respond",
    action:
      "`warmpool status` shows its message. Check that the hypervisor runs there and that the relay's user may use it. No machine can be created, deleted or proven gone on that node until it responds.",
  },
  {
    name: "WarmpoolOrphans",
    expr: 'max by (node) (warmpool_orphans{state="seen"}) > 0',
    for: "10m",
    severity: "ticket",
    summary: "{{ $value }} machine(s) of node {{ $labels.node }} are orphans",
    action:
      "`warmpool status` shows what each one is and what happens to it: copies are left alone, some wait for your decision, the others are stopped, kept and then deleted (docs/orphans.md).",
  },
  {
    name: "WarmpoolDeleteStuck",
    expr: "max by (pool) (warmpool_deleting_oldest_seconds) > 1800",
    for: "1m",
    severity: "ticket",
    summary: "A machine of pool {{ $labels.pool }} is still not proven gone after half an hour",
    action:
      "`warmpool machine list --state deleting`, then `machine timeline ID`: it shows the cause of the last failure. The capacity stays booked until the delete is proven. If the machine is certainly gone, run `warmpool machine forget ID`.",
  },
  {
    name: "WarmpoolMisses",
    expr: 'sum by (pool) (increase(warmpool_claims_total{outcome="missed"}[1h])) > 3',
    for: "1m",
    severity: "ticket",
    summary:
      "Over 3 machines of pool {{ $labels.pool }} could not be reached when they were assigned in the last hour",
    action:
      "Machines die between probes, or the route to them is slow. `warmpool events` with reason `swapped` has the causes; consider a `readyCommand` and a `healthCommand`.",
  },
  {
    name: "WarmpoolSetupsFail",
    expr: 'sum by (node) (increase(warmpool_operations_total{kind="setup",outcome="failed"}[1h])) > 3',
    for: "1m",
    severity: "ticket",
    summary: "Over 3 set-ups on node {{ $labels.node }} failed in the last hour",
    action:
      "`warmpool log USER` of one that failed shows the step and its output. A recipe that was pushed recently may be the cause.",
  },
  {
    name: "WarmpoolWrongTokens",
    expr: 'sum(increase(warmpool_refused_requests_total{reason=~"no_token|wrong_token"}[10m])) > 100',
    for: "1m",
    severity: "ticket",
    summary: "Over 100 requests without a valid token in 10 minutes",
    action:
      "A caller uses an expired or revoked token (`warmpool token list`), or somebody guesses tokens. The log of the proxy in front of the edge shows the address; block it there.",
  },
  {
    name: "WarmpoolCallersLimited",
    expr: 'sum by (reason) (increase(warmpool_refused_requests_total{reason=~"rate_limited|too_many_streams|too_many_connections"}[10m])) > 20',
    for: "1m",
    severity: "ticket",
    summary: "Over 20 requests refused in 10 minutes by a limit ({{ $labels.reason }})",
    action:
      "A caller sends too much, or a limit is too low for your use. SECURITY.md lists the limits and the settings that change them.",
  },
  {
    name: "WarmpoolWebhookStuck",
    expr: "max(warmpool_webhook_oldest_seconds) > 3600",
    for: "1m",
    severity: "ticket",
    summary: "The receiver of the webhook has not accepted a message for an hour",
    action:
      "Check that the receiver responds with 2xx within 10 s, and that it has the right secret. docs/webhook.md explains the retries. Messages are given up after three days.",
  },
];

/** docs/alerts.yml. A text stands in those quotes of YAML's that need no escape in it. */
export function alertRules(head: string): string {
  const text = (value: string) => (value.includes('"') ? `'${value.replaceAll("'", "''")}'` : `"${value}"`);
  const rules = ALERTS.map((alert) =>
    [
      `      - alert: ${alert.name}`,
      `        expr: ${text(alert.expr)}`,
      `        for: ${alert.for}`,
      `        labels:`,
      `          severity: ${alert.severity}`,
      `        annotations:`,
      `          summary: ${text(alert.summary)}`,
      `          action: ${text(alert.action)}`,
    ].join("\n"),
  );
  return `# ${head}\ngroups:\n  - name: warmpool\n    rules:\n${rules.join("\n")}\n`;
}
