import type { Command } from "commander";
import { withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { printLink } from "../views/linkView.ts";

/** `warmpool dashboard`: a link that signs a browser in once. */
export function dashboard(program: Command, cli: Cli): void {
  program
    .command("dashboard")
    .description("make a link that signs a browser in to the dashboard, once")
    .action(withSession(cli, link));
}

async function link(session: Session): Promise<void> {
  printLink(session, await session.client.session.link.mutate(), "Open it in a browser: it signs in once.");
}
