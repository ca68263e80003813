import type { Command } from "commander";
import { ifAllowed } from "../session/allowed.ts";
import { commandOf, printed, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { POOLS } from "../views/poolView.ts";
import { statusLines } from "../views/statusView.ts";

/** `warmpool status`: how everything stands, on one page. */
export function status(program: Command, cli: Cli): void {
  program
    .command("status")
    .description("show the state of pools, nodes, duties, teardowns and testers, and all problems")
    .addHelpText("after", "\nWith -o or --columns: the pools, as `pool list` prints them.")
    .action(withSession(cli, show, POOLS));
}

async function show(session: Session): Promise<void> {
  const { client, out } = session;
  const pools = await client.pool.list.query();
  if (printed(session, pools, POOLS)) return;
  const [nodes, duties, leaving, failed, waiting] = await Promise.all([
    ifAllowed(client.node.list.query()),
    ifAllowed(client.sweep.duties.query()),
    ifAllowed(client.machine.list.query({ state: "deleting", limit: 500 })),
    client.tester.list.query({ state: "failed", limit: 500 }),
    client.tester.list.query({ state: "waiting", limit: 500 }),
  ]);
  const testers = [...failed.items, ...waiting.items];
  const facts = { pools, nodes, duties, leaving: leaving?.items ?? null, testers };
  out.print(...statusLines(facts, commandOf(session), out, Date.now()));
}
