import { type Command, COMMANDS } from "./protocol.ts";

/** Seconds that a call of each command may take. A relay may wait for less, never for more. */
export type Timeouts = Record<Command, number>;

export const TIMEOUTS: Timeouts = {
  create: 600,
  get: 30,
  list: 30,
  start: 120,
  stop: 60,
  delete: 120,
  capacity: 30,
  version: 10,
};

/** The same for every command. */
export function timeoutsOf(seconds: number): Timeouts {
  return Object.fromEntries(COMMANDS.map((command) => [command, seconds])) as Timeouts;
}
