import type { Argument, Command, Option } from "commander";

/** The command line as plain data, for what is made from it: completion scripts and docs/cli.md. Pure. */

/** What stands where a value is asked for: a path, one of a few words, or anything else. */
export type Value = { kind: "path" } | { kind: "choice"; words: readonly string[] } | { kind: "text" };

export type OptionNode = {
  /** As it is typed: `--state`, and `-f` where it has a short form. */
  long: string;
  short: string | null;
  /** `--state <state>`, as help shows it. */
  flags: string;
  description: string;
  /** null for one that takes no value. */
  value: Value | null;
};

export type ArgumentNode = { name: string; description: string; value: Value };

export type CommandNode = {
  /** The words after `warmpool`: `["machine", "list"]`; none for the program itself. */
  path: readonly string[];
  description: string;
  usage: string;
  options: OptionNode[];
  arguments: ArgumentNode[];
  children: CommandNode[];
};

/** Names that arguments and option values have where a path is meant. */
const PATHS = /^<?(file|dir|program)>?$/;

export function commandTree(command: Command, path: readonly string[] = []): CommandNode {
  return {
    path,
    description: command.description(),
    usage: [...["warmpool", ...path], command.usage()].join(" "),
    options: command.options.filter((option) => !option.hidden).map(optionNode),
    arguments: command.registeredArguments.map(argumentNode),
    children: command.commands.map((child) => commandTree(child, [...path, child.name()])),
  };
}

/** The command and all below it, each before its own. */
export function allCommands(root: CommandNode): CommandNode[] {
  return [root, ...root.children.flatMap(allCommands)];
}

function optionNode(option: Option): OptionNode {
  const value = /<([^<>]+)>/.exec(option.flags)?.[1];
  return {
    long: option.long ?? option.flags,
    short: option.short ?? null,
    flags: option.flags,
    description: option.description,
    value: value === undefined ? null : valueOf(value, option.argChoices),
  };
}

function argumentNode(argument: Argument): ArgumentNode {
  const { description, argChoices, required, variadic } = argument;
  const name = `${argument.name()}${variadic ? "..." : ""}`;
  return {
    name: required ? `<${name}>` : `[${name}]`,
    description,
    value: valueOf(argument.name(), argChoices),
  };
}

function valueOf(name: string, choices: readonly string[] | undefined): Value {
  if (choices !== undefined) return { kind: "choice", words: choices };
  return PATHS.test(name) ? { kind: "path" } : { kind: "text" };
}
