import type { Command } from "commander";
import type { Cli } from "./session.ts";
export function relay(program: Command, cli: Cli): void {
  program.command("relay");
  void cli;
}
