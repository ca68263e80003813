import { createServer } from "node:net";
import { join } from "node:path";
import type { Driver, Runtime } from "./options.ts";
import type { Report } from "./report.ts";
import { type Stack, type StackOptions, startStack } from "./stack.ts";

/** One part of the run: it starts what it needs, shows its points one by one, and ends what it started. */
export type Part = { name: string; title: string; show(context: Context): Promise<void> };

export type Context = {
  report: Report;
  runtime: Runtime;
  driver: Driver;
  /** Of this part alone. */
  folder: string;
  seed: number;
};

/** The pool that `npm start` makes. */
export const POOL = "demo";
/** For the first start, downloads included; and for another one, without any network. */
export const FIRST_START_SECONDS = 180;
export const NEXT_START_SECONDS = 30;

/** Starts a stack as a check of its own, and gives the options as well, for another start of the same one. */
export async function started(
  { report, runtime, driver, folder }: Context,
  { targetSize, sweepSeconds }: Pick<StackOptions, "targetSize" | "sweepSeconds">,
  env: Record<string, string> = {},
): Promise<{ stack: Stack; options: StackOptions }> {
  const options = {
    runtime,
    driver,
    targetSize,
    sweepSeconds,
    stateDir: join(folder, "state"),
    port: await freePort(),
    logFile: join(folder, "start.log"),
    env,
  };
  const stack = await report.check(`npm start says it is ready within ${FIRST_START_SECONDS} s`, () =>
    startStack(options, FIRST_START_SECONDS),
  );
  report.note(`ready after ${stack.readySeconds.toFixed(1)} s`);
  return { stack, options };
}

/** A loopback port that nothing listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
