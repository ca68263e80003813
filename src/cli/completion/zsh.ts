import { allCommands } from "../session/commandTree.ts";
import type { CommandNode, Value } from "../session/commandTree.ts";
import { flagsOf, flagsWithValue, keyOf, nameOf, optionsAfter } from "./tables.ts";

/** A completion script for zsh, after `compinit`; verbs and options come with their descriptions. Walks as bash's does. */
export function zshScript(root: CommandNode): string {
  const commands = allCommands(root);
  return `# Completion of warmpool for zsh. In ~/.zshrc, after compinit: eval "$(warmpool completion zsh)"
_warmpool() {
  local at="" skip="" word
  local -a offered
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if [[ -n $skip ]]; then skip=""; continue; fi
    case "$word" in
      (--) return 1 ;;
      (${flagsWithValue(commands).join("|")}) skip="$word" ;;
      (-*) ;;
      (*) case "$at $word" in
        (${root.children
          .flatMap(allCommands)
          .map((command) => quoted(keyOf(command)))
          .join("|")}) at="$at $word" ;;
      esac ;;
    esac
  done
  if [[ -n $skip ]]; then
    case "$at $skip" in
${commands.flatMap((command) => valueCases(command, root)).join("\n")}
    esac
    return
  fi
  if [[ "$PREFIX" == -* ]]; then
    case "$at" in
${commands.map((command) => `      (${quoted(keyOf(command))}) offered=(${options(command, root)}) ;;`).join("\n")}
    esac
    _describe -o option offered
    return
  fi
  case "$at" in
${commands.flatMap(wordCases).join("\n")}
  esac
}
compdef _warmpool warmpool
`;
}

function valueCases(command: CommandNode, root: CommandNode): string[] {
  return command.options.flatMap((option) => {
    const offer = option.value === null ? null : offerOf(option.value);
    if (offer === null) return [];
    const before = command === root ? "*" : quoted(keyOf(command));
    return [
      `      (${flagsOf(option)
        .map((flag) => `${before}' ${flag}'`)
        .join("|")}) ${offer} ;;`,
    ];
  });
}

function options(command: CommandNode, root: CommandNode): string {
  return optionsAfter(command, root)
    .map(({ long, description }) => quoted(`${long}:${description}`))
    .join(" ");
}

function wordCases(command: CommandNode): string[] {
  const key = quoted(keyOf(command));
  if (command.children.length > 0) {
    const verbs = command.children.map((child) => quoted(`${nameOf(child)}:${child.description}`)).join(" ");
    return [`    (${key}) offered=(${verbs}); _describe verb offered ;;`];
  }
  const offers = command.arguments.map(({ value }) => offerOf(value)).filter((offer) => offer !== null);
  return offers.length === 0 ? [] : [`    (${key}) ${offers.join("; ")} ;;`];
}

function offerOf(value: Value): string | null {
  if (value.kind === "text") return null;
  return value.kind === "path" ? "_files" : `compadd -- ${value.words.join(" ")}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
