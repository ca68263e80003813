import type { Command } from "commander";
import { CliError, EXIT } from "../terminal/exit.ts";
import { clean, wrap } from "../terminal/text.ts";
import type { Session } from "./session.ts";

/**
 * How a verb destroys, for all that do: it shows what goes and asks on a terminal; where nobody can be asked it wants
 * `--yes`, and `--dry-run` only shows.
 */
export type DestroyOptions = { yes?: true | undefined; dryRun?: true | undefined };

export type Destruction = {
  /** What would happen, one sentence each, and in the conditional: nothing has happened yet. None if nothing would. */
  goes: () => Promise<string[]>;
  /**
   * Whether scripts may do it without `--yes`: what the published interface names so, and what takes nothing from a
   * tester that the words of the command itself do not name.
   */
  bare: boolean;
};

/** When a verb needs `--yes` if nobody can be asked: `with --release` means only with that option. */
export type NeedsYes = "never" | "always" | `with --${string}` | "if machines would be removed";

/** Declares the options that every verb which destroys has. Their help says what scripts have to know. */
export function destroying(command: Command, needsYes: NeedsYes): Command {
  return command
    .option("--yes", `do it without confirmation; ${withoutTerminal(needsYes)}`)
    .option("--dry-run", "only show what would happen; changes nothing");
}

function withoutTerminal(needsYes: NeedsYes): string {
  if (needsYes === "never") return "without a terminal it is not needed";
  if (needsYes === "always") return "required if there is no terminal";
  return needsYes.startsWith("with ")
    ? `required ${needsYes} if there is no terminal`
    : `required if there is no terminal and ${needsYes.replace("if ", "")}`;
}

/**
 * Says what a verb is about to destroy, and whether it may.
 * @returns false where only that was to be shown
 * @throws CliError where it was not agreed to; nothing is changed then
 */
export async function mayDestroy(
  { cli, out, json }: Pick<Session, "cli" | "out" | "json">,
  { yes, dryRun }: DestroyOptions,
  { goes, bare }: Destruction,
): Promise<boolean> {
  if (dryRun === true) {
    const lines = await goes();
    const said = lines.length === 0 ? ["Nothing would happen."] : lines;
    if (json) out.json({ dryRun: true, goes: lines });
    else out.print(...said.flatMap((line) => wrap(clean(line), out.columns)));
    return false;
  }
  if (yes === true || (cli.ask === null && bare)) return true;
  const lines = await goes();
  if (lines.length === 0) return true;
  if (cli.ask === null) {
    throw new CliError(EXIT.conflict, `nothing is changed yet. ${lines.join(" ")}`, "Add --yes to confirm.");
  }
  for (const line of lines) out.note(line);
  if (/^y(es)?$/i.test((await cli.ask("Do it? [y/N] ")).trim())) return true;
  throw new CliError(EXIT.failed, "nothing is changed.");
}
