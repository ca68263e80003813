import { Option } from "commander";
import type { Command } from "commander";
import { withSession } from "./session.ts";
import type { Cli, Session } from "./session.ts";

/** `warmpool token create`. */
export function token(program: Command, cli: Cli): void {
  const verb = program.command("token").description("what the main app and admins identify themselves with");
  verb
    .command("create")
    .description("make a token; it is printed once, alone on its line")
    .argument("<name>", "what to know it by")
    .addOption(new Option("--role <role>", "what it may do").choices(["app", "admin"]).default("app"))
    .action(withSession(cli, create));
}

async function create(session: Session, name: string, options: { role: "app" | "admin" }): Promise<void> {
  const created = await session.client.token.create.mutate({ name, role: options.role });
  if (session.json) return session.out.json(created);
  session.out.print(created.token);
  session.out.note(
    `The token "${created.name}" (${created.role}) is stored only as a hash and not shown again.`,
  );
}
