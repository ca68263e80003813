import type { Command } from "commander";
import { runOwnProgram } from "../session/ownProgram.ts";
import type { Cli } from "../session/session.ts";

/** `warmpool server`: the edge on Node, as `npm run server` starts it in a checkout. */
export function server(program: Command, cli: Cli): void {
  program
    .command("server")
    .description("run the API and the dashboard on this host, until SIGTERM")
    .addHelpText(
      "after",
      [
        "",
        "The environment configures it. DATABASE_URL and WARMPOOL_ADMIN_TOKEN are",
        "required; HOST (127.0.0.1), PORT (8787), WARMPOOL_PUBLIC_URL,",
        "WARMPOOL_SECRET_KEY, WARMPOOL_SWEEP_SECONDS (60) and more are described in",
        "docs/production.md. `warmpool migrate` prepares the database.",
      ].join("\n"),
    )
    .action(async () => {
      cli.exitCode = await runOwnProgram("server", cli.env);
    });
}
