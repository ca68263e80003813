import { Option } from "commander";
import type { Command } from "commander";
import { DRIVER_OPTIONS, type DriverOptions, DRIVERS } from "../../contract/drivers.ts";
import { keysOf } from "../../contract/keysOf.ts";
import { driverOption } from "../inputs/driverOption.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import type { Cli, GlobalOptions } from "../session/session.ts";

type JoinOptions = { dir?: string; replace?: true };
type RunOptions = DriverOptions & { dir?: string };

/** `warmpool relay join|run`: the part that runs on a node. Loaded only here: nobody else needs its libraries. */
export function relay(program: Command, cli: Cli): void {
  const verb = program.command("relay").description("use this host as a node: join once, then run");
  verb
    .command("join")
    .description("exchange the one-time join token (WARMPOOL_JOIN_TOKEN or --token) for a credential")
    .option("--dir <dir>", "folder of the relay's key and credential (default: .warmpool/relay)")
    .option("--replace", "also if the folder belongs to another node, whose relay then stops")
    .action(async function (this: Command, options: JoinOptions) {
      await join(this.optsWithGlobals<GlobalOptions>(), options, cli);
    });
  const serving = verb
    .command("run")
    .description("serve this node until stopped")
    .option("--dir <dir>", "folder of the relay's key and credential (default: .warmpool/relay)")
    .addOption(
      new Option("--driver <driver>", "the driver that creates the machines; required").choices(DRIVERS),
    );
  for (const name of keysOf(DRIVER_OPTIONS)) serving.addOption(driverOption(name));
  serving.action(async function (this: Command, options: RunOptions) {
    const { url } = this.optsWithGlobals<GlobalOptions>();
    await run(url === undefined ? options : { ...options, url });
  });
}

async function run(options: RunOptions & { url?: string }): Promise<void> {
  const { runRelay, isWrongUse } = await import("../../relay/main.ts");
  try {
    await runRelay(options);
  } catch (error) {
    if (!isWrongUse(error)) throw error;
    throw new CliError(EXIT.wrongUse, error.message, null, { cause: error });
  }
}

async function join({ url, token }: GlobalOptions, options: JoinOptions, cli: Cli): Promise<void> {
  const edge = url ?? cli.env["WARMPOOL_URL"];
  const joinToken = token ?? cli.env["WARMPOOL_JOIN_TOKEN"];
  if (edge === undefined || joinToken === undefined) {
    throw new CliError(
      EXIT.wrongUse,
      `${edge === undefined ? "--url" : "the join token"} is missing.`,
      "An admin gets both commands from `warmpool node enroll NAME`.",
    );
  }
  cli.url = edge;
  const { joinNode } = await import("../../relay/main.ts");
  const joined = await joinNode({
    url: edge,
    token: joinToken,
    replace: options.replace === true,
    ...(options.dir === undefined ? {} : { dir: options.dir }),
  });
  cli.out.print(`Joined as node ${joined.node}; the credential is in ${joined.dir}.`);
  const dir = options.dir === undefined ? "" : ` --dir ${options.dir}`;
  cli.out.note(`Next: npx warmpool relay run${dir} --driver ${DRIVERS.join("|")}`);
}
