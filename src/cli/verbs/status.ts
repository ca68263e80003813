import type { Command } from "commander";
import { errorCode } from "../../client/index.ts";
import { next, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { statusLines } from "../views/statusView.ts";

/** `warmpool status`: how everything stands, on one page. */
export function status(program: Command, cli: Cli): void {
  program
    .command("status")
    .description("show the state of pools, nodes, duties, teardowns and testers, and all problems")
    .addHelpText("after", "\nWith --json: the pools, as `pool list --json` gives them.")
    .action(withSession(cli, show));
}

async function show(session: Session): Promise<void> {
  const { client, json, out } = session;
  if (json) return out.json(await client.pool.list.query());
  const [pools, nodes, duties, leaving, failed, waiting] = await Promise.all([
    client.pool.list.query(),
    ifAllowed(client.node.list.query()),
    ifAllowed(client.sweep.duties.query()),
    ifAllowed(client.machine.list.query({ state: "deleting", limit: 500 })),
    client.tester.list.query({ state: "failed", limit: 500 }),
    client.tester.list.query({ state: "waiting", limit: 500 }),
  ]);
  const testers = [...failed.items, ...waiting.items];
  const facts = { pools, nodes, duties, leaving: leaving?.items ?? null, testers };
  out.print(...statusLines(facts, (...words) => next(session, ...words), out, Date.now()));
}

/** The answer, or null where the token's role may not ask: the main app's sees the pools alone. */
async function ifAllowed<T>(call: Promise<T>): Promise<T | null> {
  try {
    return await call;
  } catch (error) {
    if (errorCode(error) === "FORBIDDEN") return null;
    throw error;
  }
}
