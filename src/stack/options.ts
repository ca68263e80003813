import { Command, InvalidArgumentError, Option } from "commander";
import { DEFAULT_STATE_DIR, stateFolderOf } from "../contract/stateFolder.ts";
import { STACK_DRIVERS, type StackDriver } from "../contract/drivers.ts";

/** What `npm start -- …` takes. `targetSize` is null where it was not given: a later start then keeps the pool's. */
export type StackOptions = {
  port: number;
  targetSize: number | null;
  maxSize: number | null;
  driver: "auto" | StackDriver;
  runtime: "workerd" | "node";
  stateDir: string;
  sweepSeconds: number;
  /** On stop, assigned machines are deleted too. */
  destroy: boolean;
  /** Nothing is served or created: the machines of an earlier start are deleted at once, and that is all. */
  destroyNow: boolean;
};

export const DEFAULT_TARGET_SIZE = 3;

/** What `npm start --` takes, as commander's command. */
export function stackCommand(): Command {
  return new Command("npm start --")
    .description("Runs a whole Warmpool on this machine: database, edge, relay and a pool named demo.")
    .configureHelp({ helpWidth: 80 })
    .option("--port <n>", "port of the edge on 127.0.0.1", whole(1, 65_535), 8787)
    .option("--target-size <n>", "machines of the pool demo to keep ready (first start: 3)", whole(0, 10_000))
    .option(
      "--max-size <n>",
      "maximum number of machines of the pool demo (default: target size + 3)",
      whole(0, 10_000),
    )
    .addOption(
      new Option("--driver <name>", "what creates the machines")
        .choices(["auto", ...STACK_DRIVERS])
        .default("auto"),
    )
    .addOption(
      new Option("--runtime <name>", "runtime of the edge").choices(["workerd", "node"]).default("workerd"),
    )
    .option("--state-dir <dir>", "folder for all data (default: WARMPOOL_STATE_DIR, else .warmpool)")
    .option("--sweep-seconds <n>", "seconds between two sweeps", whole(1, 3600), 60)
    .option("--destroy", "on stop, delete assigned machines too")
    .option("--destroy-now", "only delete all machines of an earlier start, then end");
}

type Optional = "targetSize" | "maxSize" | "stateDir" | "destroy" | "destroyNow";

/** Reads the arguments; prints what is wrong or the help and ends the process (2 or 0) where that is all there is. */
export function readOptions(args: string[], env: NodeJS.ProcessEnv = process.env): StackOptions {
  const program = stackCommand().exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2));
  program.parse(args, { from: "user" });
  const given = program.opts<
    Omit<StackOptions, Optional> & {
      targetSize?: number;
      maxSize?: number;
      stateDir?: string;
      destroy?: true;
      destroyNow?: true;
    }
  >();
  const options = {
    ...given,
    targetSize: given.targetSize ?? null,
    maxSize: given.maxSize ?? null,
    stateDir: stateFolderOf(given.stateDir, env),
    destroy: given.destroy === true || given.destroyNow === true,
    destroyNow: given.destroyNow === true,
  };
  if (options.maxSize !== null && options.maxSize < (options.targetSize ?? 0)) {
    program.error("error: --max-size must be at least --target-size");
  }
  return options;
}

function whole(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`Must be a whole number from ${min} to ${max}.`);
  };
}

/** What makes another `npm start --`, or a verb, find the same stack. */
export function sameStack({ stateDir }: Pick<StackOptions, "stateDir">): string {
  return stateDir === DEFAULT_STATE_DIR ? "" : ` --state-dir ${stateDir}`;
}
