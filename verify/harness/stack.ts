import { readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../test/helpers/until.ts";
import { type Local, local } from "./interface.ts";
import type { Driver, Runtime } from "./options.ts";
import { type Program, startNpm } from "./program.ts";
import { type Rpc, rpc } from "./rpc.ts";

/** `npm start` with a state folder of its own, driven by its public interface alone. */
export type StackOptions = {
  runtime: Runtime;
  driver: Driver;
  /** Unique to this stack: what is left of a failed run is found by it. */
  stateDir: string;
  port: number;
  logFile: string;
  /** Null keeps what the pool has. */
  targetSize: number | null;
  /** Far apart where a part runs the sweeps itself. */
  sweepSeconds: number;
  /** What its user has set for it, beside what this process has. */
  env?: Record<string, string>;
};

export type Stack = {
  readySeconds: number;
  /** What the stack says of itself now. */
  local(): Local;
  /** Waits for a line that it prints which begins so. @throws Error where it does not come in time. */
  line(beginning: string, seconds: number): Promise<string>;
  admin: Rpc;
  app: Rpc;
  /** Asks it to end, and waits until it has. @throws Error where it does not end with code 0 in time. */
  stop(how: "ctrl-c" | "sigterm"): Promise<string>;
  /** Kills every part at once, the machines not, and waits until `npm start` has noticed. */
  crash(): Promise<void>;
};

const READY = "Warmpool is ready at";
/** Said before the pool is full: every part answers. */
export const SERVES = "The relay is serving";
const STOP_SECONDS = 180;

/**
 * @param line what it has to say first: that its pool is full
 * @throws Error where that line does not come within `seconds`.
 */
export async function startStack(options: StackOptions, seconds: number, line = READY): Promise<Stack> {
  const startedAt = performance.now();
  const program = await startNpm(
    ["start", "--", ...startArguments(options)],
    options.env ?? {},
    options.logFile,
  );
  await program.line(line, seconds);
  const readySeconds = (performance.now() - startedAt) / 1000;
  const read = () => local.parse(JSON.parse(readFileSync(join(options.stateDir, "local.json"), "utf8")));
  const { url, adminToken, appToken } = read();
  return {
    readySeconds,
    local: read,
    line: (beginning, within) => program.line(beginning, within),
    admin: rpc(url, adminToken),
    app: rpc(url, appToken),
    stop: (how) => stop(program, how),
    crash: async () => {
      for (const pid of Object.values(read().pids)) process.kill(pid, "SIGKILL");
      await until("npm start to notice that its supervisor is dead", () => program.hasEnded());
    },
  };
}

function startArguments(options: StackOptions): string[] {
  return [
    ...["--port", String(options.port), "--state-dir", options.stateDir],
    ...["--runtime", options.runtime, "--driver", options.driver],
    ...["--sweep-seconds", String(options.sweepSeconds), "--destroy"],
    ...(options.targetSize === null ? [] : ["--target-size", String(options.targetSize)]),
  ];
}

/** Ctrl-C reaches everything in the terminal at once, npm and what it runs; a service manager asks npm alone. */
async function stop(program: Program, how: "ctrl-c" | "sigterm"): Promise<string> {
  const startedAt = performance.now();
  if (how === "ctrl-c") process.kill(-program.pid, "SIGINT");
  else process.kill(program.pid, "SIGTERM");
  await until(`npm start to end after ${how}`, () => program.hasEnded(), {
    seconds: STOP_SECONDS,
    everyMs: 50,
  }).catch((cause: unknown) => {
    throw new Error(`npm start did not end. Its last lines:\n${program.tail(12)}`, { cause });
  });
  const end = await program.ended;
  if (end !== "code 0") throw new Error(`npm start ended with ${end}. Its last lines:\n${program.tail(12)}`);
  return `ended after ${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
}
