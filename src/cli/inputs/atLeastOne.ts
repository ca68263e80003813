import { CliError, EXIT } from "../terminal/exit.ts";

/** For verbs that change only what is given. @throws CliError (wrong use) naming the options if none is given */
export function expectAtLeastOne(given: readonly unknown[], options: readonly string[]): void {
  if (given.some((value) => value !== undefined)) return;
  throw new CliError(EXIT.wrongUse, `give at least one of ${options.join(", ")}.`);
}
