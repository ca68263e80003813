import { Writable } from "node:stream";
import { allCommands, commandTree } from "../../src/cli/session/commandTree.ts";
import type { CommandNode } from "../../src/cli/session/commandTree.ts";
import { terminalOutput } from "../../src/cli/terminal/output.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { stackCommand } from "../../src/stack/options.ts";
import type { Programs } from "./commands.ts";

/** The programs that documents and messages name, as they are run. */
const nowhere = new Writable();
const out = terminalOutput(nowhere, nowhere, {});
export const PROGRAMS: Programs = {
  warmpool: commandTree(buildProgram({ out, env: {}, url: null, exitCode: 0, ask: null })),
  "npm start": commandTree(stackCommand()),
};

/** Every option of the command and of all below it, as it is typed. */
export function optionsOf(root: CommandNode): string[] {
  return allCommands(root).flatMap(({ options }) => options.map(({ long }) => long));
}
