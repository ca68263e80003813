import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { CliError, EXIT } from "../terminal/exit.ts";
import type { Cli, GlobalOptions } from "../session/session.ts";
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
      cli.exitCode = await run(databaseUrl(cli, this.optsWithGlobals<GlobalOptions>()), cli);
    });
}

function databaseUrl(cli: Cli, { stateDir }: GlobalOptions): string {
  const url = cli.env["DATABASE_URL"] || readLocal(stateDir)?.databaseUrl;
  if (url !== undefined) return url;
  throw new CliError(
    EXIT.failed,
    `there is no database to migrate: no DATABASE_URL and no local Warmpool in ${stateDir}.`,
    "Set DATABASE_URL to the postgres:// URL of the database.",
  );
}

/** The URL goes by the environment: arguments are seen by everybody on the machine. */
function run(url: string, { env }: Cli): Promise<number> {
  const extension = import.meta.url.endsWith(".ts") ? "ts" : "js";
  const migrator = fileURLToPath(new URL(`../../db/migrate.${extension}`, import.meta.url));
  return new Promise((resolve, reject) => {
    spawn(process.execPath, [migrator], { env: { ...env, DATABASE_URL: url }, stdio: "inherit" })
      .once("error", reject)
      .once("exit", (code) => resolve(code === 0 ? EXIT.done : EXIT.failed));
  });
}
