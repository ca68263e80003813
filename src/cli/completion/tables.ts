import type { CommandNode, OptionNode } from "../session/commandTree.ts";

/** What every shell's script is a table of. A command's key has a space before each word: ` machine list`. */

export function keyOf({ path }: CommandNode): string {
  return path.map((word) => ` ${word}`).join("");
}

export function nameOf({ path }: CommandNode): string {
  return path.at(-1) ?? "";
}

/** `--follow`, and `-f` where it has that too. */
export function flagsOf({ long, short }: OptionNode): string[] {
  return short === null ? [long] : [short, long];
}

/** The options that can be typed after a verb: its own, and the program's. */
export function optionsAfter(command: CommandNode, root: CommandNode): OptionNode[] {
  return command === root ? root.options : [...command.options, ...root.options];
}

/** Every option that swallows the word after it: that word is no verb. */
export function flagsWithValue(commands: CommandNode[]): string[] {
  const options = commands.flatMap((command) => command.options.filter(({ value }) => value !== null));
  return [...new Set(options.flatMap(flagsOf))];
}
