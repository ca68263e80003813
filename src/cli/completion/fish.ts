import { allCommands } from "../session/commandTree.ts";
import type { CommandNode, OptionNode, Value } from "../session/commandTree.ts";
import { flagsWithValue, keyOf, nameOf } from "./tables.ts";

/** A completion script for fish; verbs and options come with their descriptions. Walks as bash's does. */
export function fishScript(root: CommandNode): string {
  const commands = allCommands(root);
  const verbs = root.children.flatMap(allCommands).map((command) => quoted(keyOf(command)));
  return `# Completion of warmpool for fish. In ~/.config/fish/config.fish: warmpool completion fish | source
function __warmpool_at
  set -l at ""
  set -l skip ""
  for word in (commandline -opc)[2..-1]
    if test -n "$skip"
      set skip ""
      continue
    end
    switch $word
      case ${flagsWithValue(commands).join(" ")}
        set skip yes
      case '-*'
      case '*'
        contains -- "$at $word" ${verbs.join(" ")}; and set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
complete -c warmpool -f
${commands.flatMap((command) => lines(command, root)).join("\n")}
`;
}

function lines(command: CommandNode, root: CommandNode): string[] {
  const here = `-n ${quoted(`__warmpool_at '${keyOf(command)}'`)}`;
  const verbs = command.children.map(
    (child) => `complete -c warmpool ${here} -a ${nameOf(child)} -d ${quoted(child.description)}`,
  );
  const options = command.options.map(
    (option) => `complete -c warmpool ${command === root ? "" : `${here} `}${optionWords(option)}`,
  );
  const values = command.arguments.flatMap(({ value }) =>
    value.kind === "text" ? [] : [`complete -c warmpool ${here} ${valueWords(value)}`],
  );
  return [...verbs, ...options, ...values];
}

function optionWords({ long, short, description, value }: OptionNode): string {
  return [
    `-l ${long.replace(/^--/, "")}`,
    short === null ? null : `-s ${short.replace(/^-/, "")}`,
    value === null ? null : `-r ${valueWords(value)}`.trimEnd(),
    `-d ${quoted(description)}`,
  ]
    .filter((word) => word !== null)
    .join(" ");
}

function valueWords(value: Value): string {
  if (value.kind === "text") return "";
  return value.kind === "path" ? "-F" : `-a ${quoted(value.words.join(" "))}`;
}

function quoted(text: string): string {
  return `"${text.replaceAll(/[\\"$]/g, "\\$&")}"`;
}
