import { allCommands } from "../session/commandTree.ts";
import type { CommandNode, Value } from "../session/commandTree.ts";
import { flagsOf, flagsWithValue, keyOf, nameOf, optionsAfter } from "./tables.ts";

/**
 * A completion script for bash 3.2 and newer, without bash-completion. It is a table of the command line: pressing
 * the key starts no process. The words typed so far are walked down the tree; `at` is the verb that they reach.
 */
export function bashScript(root: CommandNode): string {
  const commands = allCommands(root);
  return `# Completion of warmpool for bash. In ~/.bashrc: eval "$(warmpool completion bash)"
_warmpool() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" at="" skip="" word i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    if [ -n "$skip" ]; then skip=""; continue; fi
    case "$word" in
      --) return ;;
      ${flagsWithValue(commands).join("|")}) skip=yes ;;
      -*) ;;
      *) case "$at $word" in
        ${root.children.flatMap(allCommands).map(keyOf).map(quoted).join("|")}) at="$at $word" ;;
      esac ;;
    esac
  done
  if [ -n "$skip" ]; then
    case "$at $prev" in
${commands.flatMap((command) => valueCases(command, root)).join("\n")}
    esac
    return
  fi
  if [ "\${cur:0:1}" = - ]; then
    case "$at" in
${commands.map((command) => `      ${quoted(keyOf(command))}) ${optionOffer(command, root)} ;;`).join("\n")}
    esac
    return
  fi
  case "$at" in
${commands.flatMap(wordCases).join("\n")}
  esac
}
_warmpool_words() { COMPREPLY=($(compgen -W "$1" -- "$cur")); }
_warmpool_paths() {
  local IFS=$'\\n'
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$cur"))
}
complete -F _warmpool warmpool
`;
}

function valueCases(command: CommandNode, root: CommandNode): string[] {
  return command.options.flatMap((option) => {
    const offer = option.value === null ? null : offerOf(option.value);
    if (offer === null) return [];
    const before = command === root ? "*" : quoted(keyOf(command));
    return [
      `      ${flagsOf(option)
        .map((flag) => `${before}" ${flag}"`)
        .join("|")}) ${offer} ;;`,
    ];
  });
}

function optionOffer(command: CommandNode, root: CommandNode): string {
  return offerWords(optionsAfter(command, root).map(({ long }) => long));
}

/** What may stand after the verb: the verbs below it, or its arguments. */
function wordCases(command: CommandNode): string[] {
  const offers =
    command.children.length > 0
      ? [offerWords(command.children.map(nameOf))]
      : command.arguments.map(({ value }) => offerOf(value)).filter((offer) => offer !== null);
  return offers.length === 0 ? [] : [`    ${quoted(keyOf(command))}) ${offers.join("; ")} ;;`];
}

function offerOf(value: Value): string | null {
  if (value.kind === "text") return null;
  return value.kind === "path" ? "_warmpool_paths" : offerWords(value.words);
}

function offerWords(words: readonly string[]): string {
  return `_warmpool_words ${quoted(words.join(" "))}`;
}

function quoted(text: string): string {
  return `"${text}"`;
}
