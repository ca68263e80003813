import { parseArgs } from "node:util";
import { FAULT_KINDS, type FaultKind } from "./schedule.ts";
import { DRIVERS, type Driver, oneOf, RUNTIMES, type Runtime } from "../harness/options.ts";

export type Options = {
  /** Chooses the faults, their times and what the testers do: the same seed gives the same. */
  seed: number;
  /** How long faults go on; the start before and the recovery after come on top. */
  minutes: number;
  /** Which faults come; all of them if none is named. */
  kinds: readonly FaultKind[];
  driver: Driver;
  runtime: Runtime;
  /** Where the run keeps its own folder; it is removed when everything passed. */
  stateDir: string;
};

export const USAGE = `usage: npm run chaos -- [--seed N] [--minutes M] [--driver local|incus]
                        [--runtime node|workerd] [--state-dir DIR]
                        [--kinds KIND,KIND…]
kinds: ${FAULT_KINDS.join(", ")}`;

const MOST_MINUTES = 24 * 60;

/**
 * @param chance a seed for who gives none
 * @throws Error naming the option and what it takes.
 */
export function readOptions(args: string[], temporary: string, chance: number): Options {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: "string", default: String(chance) },
      minutes: { type: "string", default: "3" },
      driver: { type: "string", default: "local" },
      runtime: { type: "string", default: "node" },
      "state-dir": { type: "string", default: temporary },
      kinds: { type: "string", default: FAULT_KINDS.join(",") },
    },
  });
  const seed = Number(values.seed);
  if (!/^\d+$/.test(values.seed) || seed > 0xffffffff)
    throw new Error(`--seed is ${values.seed}; it takes a whole number, 4294967295 at most`);
  const minutes = Number(values.minutes);
  if (!(minutes > 0 && minutes <= MOST_MINUTES))
    throw new Error(`--minutes is ${values.minutes}; it takes a number above 0, ${MOST_MINUTES} at most`);
  return {
    seed,
    minutes,
    kinds: values.kinds.split(",").map((kind) => oneOf("--kinds", kind, FAULT_KINDS)),
    driver: oneOf("--driver", values.driver, DRIVERS),
    runtime: oneOf("--runtime", values.runtime, RUNTIMES),
    stateDir: values["state-dir"],
  };
}
