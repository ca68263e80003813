import type { Command } from "commander";
import type { EnrollResult, NodeView } from "../contract/node.ts";
import { answer, withSession } from "./session.ts";
import type { Cli, Session } from "./session.ts";
import { table } from "./table.ts";
import type { Column } from "./table.ts";
import { ago, duration } from "./time.ts";

/** `warmpool node list|enroll`. */
export function node(program: Command, cli: Cli): void {
  const verb = program.command("node").description("the hosts that make machines");
  verb.command("list").description("all nodes").action(withSession(cli, list));
  verb
    .command("enroll")
    .description("get a one-time token with which a new node joins")
    .argument("<name>", "what to call the node")
    .action(withSession(cli, enroll));
}

async function list(session: Session): Promise<void> {
  const nodes = await session.client.node.list.query();
  answer(session, nodes, (all) =>
    all.length === 0
      ? ["No node yet. Add one with `npx warmpool node enroll NAME`."]
      : table(COLUMNS, all, session.out.columns),
  );
}

async function enroll(session: Session, name: string): Promise<void> {
  const enrolled = await session.client.node.enroll.mutate({ name });
  answer(session, enrolled, (result) => joinLines(result, session.url, Date.now()));
}

const COLUMNS: Column<NodeView>[] = [
  { title: "NODE", value: (node) => node.name, keep: true },
  { title: "STATE", value: (node) => node.state },
  { title: "MACHINES", value: (node) => node.machines, align: "right" },
  { title: "HEARD", value: (node) => ago(node.lastSeenAt, Date.now()) },
  { title: "PROBED", value: (node) => ago(node.lastProbeAt, Date.now()) },
  { title: "DRIVER", value: (node) => [node.driver, node.driverVersion].filter(Boolean).join(" ") || null },
  { title: "RELAY", value: (node) => node.relayVersion },
];

/** What to run on the node; the token stands alone on its line and in the environment, not in an argument. */
export function joinLines({ node, joinToken, expiresAt }: EnrollResult, url: string, now: number): string[] {
  return [
    `Node ${node.name} is enrolled. On it, within ${duration((Date.parse(expiresAt) - now) / 1000)}, run`,
    "",
    `  export WARMPOOL_JOIN_TOKEN=${joinToken}`,
    `  npx warmpool relay join --url ${url}`,
    "  npx warmpool relay run",
    "",
    "The token works once and is not shown again.",
  ];
}
