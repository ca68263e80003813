import { InvalidArgumentError } from "commander";
import type { Command } from "commander";
import { CliError, EXIT } from "../terminal/exit.ts";
import { readText } from "./jsonFile.ts";

/** The recipe's parameters on the command line, for `assign` and `retry`. */
export type ParamOptions = {
  param?: Record<string, string>;
  /** Files by parameter name: what is in one stands in no process list and no shell history. */
  secret?: Record<string, string>;
};

/** Declares `--param` and `--secret`. */
export function paramOptions(verb: Command, what: string): Command {
  return verb
    .option("--param <name=value>", `${what}; may be repeated`, collectParam)
    .option(
      "--secret <name=file>",
      "a parameter whose value is read from the file; may be repeated",
      collectParam,
    );
}

/** All parameters by name; a secret's is its file's text without the line end that editors put there. */
export function paramsOf({ param, secret }: ParamOptions): Record<string, string> | undefined {
  if (secret === undefined) return param;
  const twice = Object.keys(secret).find((name) => Object.hasOwn(param ?? {}, name));
  if (twice !== undefined) {
    throw new CliError(EXIT.wrongUse, `${twice} is given both by --param and by --secret.`, "Give it once.");
  }
  const read = Object.entries(secret).map(([name, file]) => [name, readText(file).replace(/\r?\n$/, "")]);
  return { ...param, ...Object.fromEntries(read) };
}

function collectParam(value: string, before: Record<string, string> | undefined): Record<string, string> {
  const [, name, text] = /^([^=]+)=([\s\S]*)$/.exec(value) ?? [];
  if (name === undefined || text === undefined) {
    throw new InvalidArgumentError("Write it as NAME=VALUE.");
  }
  if (before !== undefined && Object.hasOwn(before, name)) {
    throw new InvalidArgumentError(`${name} is given twice.`);
  }
  return { ...before, [name]: text };
}
