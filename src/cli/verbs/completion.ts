import { Argument } from "commander";
import type { Command } from "commander";
import { bashScript } from "../completion/bash.ts";
import { fishScript } from "../completion/fish.ts";
import { zshScript } from "../completion/zsh.ts";
import { commandTree } from "../session/commandTree.ts";
import type { CommandNode } from "../session/commandTree.ts";
import type { Cli } from "../session/session.ts";

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript } satisfies Record<
  string,
  (root: CommandNode) => string
>;
type Shell = keyof typeof SCRIPTS;

/** `warmpool completion SHELL`: a script for the shell, made from the command line itself. Talks to no Warmpool. */
export function completion(program: Command, cli: Cli): void {
  program
    .command("completion")
    .description("print a completion script for your shell")
    .addArgument(new Argument("<shell>", "which shell").choices(Object.keys(SCRIPTS)))
    .addHelpText(
      "after",
      [
        "",
        "It completes the word `warmpool`. Where only `npx warmpool` works, put",
        "this first, and `npx` before the warmpool below:",
        "  alias warmpool='npx warmpool'",
        "",
        '  bash   eval "$(warmpool completion bash)"        in ~/.bashrc',
        '  zsh    eval "$(warmpool completion zsh)"         in ~/.zshrc, after compinit',
        "  fish   warmpool completion fish | source         in config.fish",
      ].join("\n"),
    )
    .action((shell: Shell) => cli.out.write(SCRIPTS[shell](commandTree(program))));
}
