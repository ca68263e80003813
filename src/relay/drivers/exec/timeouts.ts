import { CALL_SECONDS } from "../../driver.ts";
import { own } from "../../../contract/own.ts";
import { WrongUse } from "../../errors.ts";
import { type Command, COMMANDS } from "./protocol.ts";

/** Seconds that a call of each command may take: then it is cut off, and has failed. */
export type Timeouts = Record<Command, number>;

export const TIMEOUTS: Timeouts = { create: 600, ...CALL_SECONDS, version: 10 };

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600 };
/** As long as the longest `bootTimeoutSeconds` of a pool. */
const LONGEST = 7200;

/** The same for every command. */
export function timeoutsOf(seconds: number): Timeouts {
  return Object.fromEntries(COMMANDS.map((command) => [command, seconds])) as Timeouts;
}

/** So many seconds more for every command. */
export function longer(timeouts: Timeouts, seconds: number): Timeouts {
  return Object.fromEntries(COMMANDS.map((command) => [command, timeouts[command] + seconds])) as Timeouts;
}

/**
 * What `--timeout COMMAND=DURATION` changes of the usual, such as `create=25m`; of two for one command the later counts.
 * @throws WrongUse where one is not of that form, or out of range
 */
export function changedTimeouts(changes: readonly string[], usual: Timeouts = TIMEOUTS): Timeouts {
  return { ...usual, ...Object.fromEntries(changes.map(readChange)) };
}

function readChange(text: string): [Command, number] {
  const [, name, count = "", unit = ""] = /^([a-z]+)=(\d+)([smh])$/.exec(text) ?? [];
  const command = COMMANDS.find((known) => known === name);
  const seconds = Number(count) * (own(UNITS, unit) ?? 0);
  if (command !== undefined && seconds >= 1 && seconds <= LONGEST) return [command, seconds];
  throw new WrongUse(
    `--timeout ${text}: must be COMMAND=DURATION such as create=25m, from 1s to 2h. ` +
      `The commands are ${COMMANDS.join(", ")}.`,
  );
}
