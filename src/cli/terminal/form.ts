import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";
import { CliError, EXIT } from "./exit.ts";

/** In which form an answer is wanted, for all verbs: read and checked before a verb does anything. Pure. */

export const FORMATS = ["table", "wide", "csv", "yaml", "json"] as const;
export type Format = (typeof FORMATS)[number];

export type FormOptions = { output?: Format; columns?: string[]; headers?: boolean; json?: true };

/** `columns`: those that were named, in this order; null if none were. */
export type Form = { format: Format; columns: readonly string[] | null; headers: boolean };

/** What a column is known by before there are rows. */
export type Titled = { title: string; name?: string; keep?: true };

/** Declares the options of every verb that say how its answer is printed. */
export function formOptions(program: Command): Command {
  return program
    .addOption(
      new Option("-o, --output <format>", "how to print the answer; yaml and json print all of it").choices(
        FORMATS,
      ),
    )
    .option("--columns <names>", "only these columns of the table or CSV, such as NAME,STATE", names)
    .option("--no-headers", "leave out the line with the names of the columns")
    .option("--json", "print the API's answer unchanged; the same as -o json");
}

/**
 * The form that the options ask for.
 * @param columns those of the verb's table; null if it has none
 * @throws CliError (wrong use) if the verb cannot print its answer so
 */
export function formOf(options: FormOptions, columns: readonly Titled[] | null): Form {
  const { output, json, columns: named = null, headers = true } = options;
  if (json === true && output !== undefined && output !== "json")
    throw new CliError(EXIT.wrongUse, `--json and -o ${output} contradict each other.`);
  const form = { format: json === true ? "json" : (output ?? "table"), columns: named, headers };
  if (named !== null && isWhole(form))
    throw new CliError(
      EXIT.wrongUse,
      `--columns is for tables and CSV; -o ${form.format} prints everything.`,
    );
  if (columns === null) {
    if (named === null && form.format !== "wide" && form.format !== "csv") return form;
    const option = named === null ? `-o ${form.format}` : "--columns";
    throw new CliError(EXIT.wrongUse, `this verb prints no table, so it does not take ${option}.`);
  }
  const unknown = named?.find((name) => columnCalled(columns, name) === undefined);
  if (unknown !== undefined) {
    const all = columns.map(heading).join(", ");
    throw new CliError(EXIT.wrongUse, `there is no column ${unknown}. The columns are ${all}.`);
  }
  return form;
}

/** Whether the whole answer is printed, for a program. */
export function isWhole({ format }: Pick<Form, "format">): boolean {
  return format === "json" || format === "yaml";
}

/** Whether nothing but the verb's own view was asked for. */
export function isPlain({ format, columns, headers }: Form): boolean {
  return format === "table" && columns === null && headers;
}

/** What a column is called wherever columns are named. */
export function heading({ title, name }: Titled): string {
  return name ?? title;
}

/**
 * The column that the name means: letter case does not count, and a blank may be `-` or `_`. NAME is also the first one
 * if that holds names, whatever its title.
 */
export function columnCalled<Column extends Titled>(
  columns: readonly Column[],
  name: string,
): Column | undefined {
  const plain = (text: string) => text.trim().toLowerCase().replaceAll(/[ _]/g, "-");
  const called = columns.find((column) => plain(heading(column)) === plain(name));
  const [first] = columns;
  return called ?? (plain(name) === "name" && first?.keep === true ? first : undefined);
}

const WHOLE = /^(?:json|yaml)$/;

/** Whether these arguments ask for the whole answer: wrong use has to be reported to a program too. */
export function asksForWhole(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const own = end === -1 ? args : args.slice(0, end);
  return own.some((arg, at) => {
    if (arg === "-o" || arg === "--output") return WHOLE.test(own[at + 1] ?? "");
    return arg === "--json" || WHOLE.test(/^(?:-o|--output=)(.*)$/.exec(arg)?.[1] ?? "");
  });
}

function names(text: string): string[] {
  const list = text.split(",").map((name) => name.trim());
  if (!list.includes("")) return list;
  throw new InvalidArgumentError("Write names of columns with commas between them, such as NAME,STATE.");
}
