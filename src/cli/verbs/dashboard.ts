import type { Command } from "commander";
import { printed, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { LINK, printLink } from "../views/linkView.ts";

/** `warmpool dashboard`: a link that signs a browser in once. */
export function dashboard(program: Command, cli: Cli): void {
  program
    .command("dashboard")
    .description("make a link that signs a browser in to the dashboard, once")
    .action(withSession(cli, link, LINK));
}

async function link(session: Session): Promise<void> {
  const made = await session.client.session.link.mutate();
  if (printed(session, made, LINK)) return;
  printLink(session.out, made, "Open it in a browser: it signs in once.");
}
