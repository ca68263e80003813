import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";

export const RUNTIMES = ["node", "workerd"] as const;
export type Runtime = (typeof RUNTIMES)[number];
export const DRIVERS = ["local", "incus"] as const;
export type Driver = (typeof DRIVERS)[number];

export type Options = {
  driver: Driver;
  runtimes: readonly Runtime[];
  /** The names of the parts to run; null runs all. */
  only: readonly string[] | null;
  /** Where the run keeps its own folder; it is removed when everything passed. */
  stateDir: string;
  /** Of what the parts do by chance; the same one does the same again. */
  seed: number;
};

export const USAGE = `usage: npm run accept -- [--driver local|incus] [--runtime node|workerd|both]
                         [--only PART,PART] [--state-dir DIR] [--seed N]`;

/** @throws Error naming the option and what it takes. */
export function readOptions(args: string[], parts: readonly string[], temporary: string): Options {
  const { values } = parseArgs({
    args,
    options: {
      driver: { type: "string", default: "local" },
      runtime: { type: "string", default: "both" },
      only: { type: "string" },
      "state-dir": { type: "string", default: temporary },
      seed: { type: "string", default: String(randomInt(2 ** 31)) },
    },
  });
  if (!/^\d{1,10}$/.test(values.seed)) throw new Error(`--seed is ${values.seed}; it takes a whole number`);
  const runtime = oneOf("--runtime", values.runtime, [...RUNTIMES, "both"] as const);
  return {
    driver: oneOf("--driver", values.driver, DRIVERS),
    runtimes: runtime === "both" ? RUNTIMES : [runtime],
    only: values.only?.split(",").map((name) => oneOf("--only", name, parts)) ?? null,
    stateDir: values["state-dir"],
    seed: Number(values.seed),
  };
}

/** @throws Error naming the option and what it takes. */
export function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) throw new Error(`${option} is ${value}; it takes one of: ${allowed.join(", ")}`);
  return found;
}
