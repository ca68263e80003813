import { WrongUse } from "../../errors.ts";
import { own } from "../../../contract/own.ts";

/**
 * The environment variables that a driver program sees beside its own, by name: a value never stands on a command
 * line, where everybody on the host could read it.
 * @throws WrongUse where one is not set
 */
export function passedOn(names: string[], from: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const value = own(from, name);
      if (value !== undefined) return [name, value];
      throw new WrongUse(`--pass ${name}: this environment variable is not set. Set it, or omit the option.`);
    }),
  );
}
