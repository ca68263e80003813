import type { Command } from "commander";
import { stateFolderOf } from "../../contract/stateFolder.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import type { Cli, GlobalOptions } from "../session/session.ts";
import { runOwnProgram } from "../session/ownProgram.ts";
import { readLocal } from "../session/target.ts";

/**
 * `warmpool migrate`: brings the database to this version's schema. The migrator is a program of its own: the command
 * line is a client of the API and shares no code with the database.
 */
export function migrate(program: Command, cli: Cli): void {
  program
    .command("migrate")
    .description("migrate the database to this version (DATABASE_URL, else the local one)")
    .action(async function (this: Command) {
      // The URL goes by the environment: arguments are seen by everybody on the machine.
      const DATABASE_URL = databaseUrl(cli, this.optsWithGlobals<GlobalOptions>());
      const code = await runOwnProgram("db/migrate", { ...cli.env, DATABASE_URL });
      cli.exitCode = code === 0 ? EXIT.done : EXIT.failed;
    });
}

function databaseUrl(cli: Cli, options: GlobalOptions): string {
  const stateDir = stateFolderOf(options.stateDir, cli.env);
  const url = cli.env["DATABASE_URL"] || readLocal(stateDir)?.databaseUrl;
  if (url !== undefined) return url;
  throw new CliError(
    EXIT.failed,
    `there is no database to migrate: no DATABASE_URL and no local Warmpool in ${stateDir}.`,
    "Set DATABASE_URL to the postgres:// URL of the database.",
  );
}
