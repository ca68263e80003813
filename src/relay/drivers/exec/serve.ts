import { text } from "node:stream/consumers";
import type { z } from "zod";
import { type Driver, DriverError } from "../../driver.ts";
import type { CreateRequest, DriverMachine } from "../../driver.ts";
import { wordsOf } from "../../errors.ts";
import {
  type Command,
  COMMANDS,
  createInput,
  EXIT,
  type MachineAnswer,
  markInput,
  namedInput,
  type getAnswer,
} from "./protocol.ts";

/**
 * The other side of the contract: makes a driver program of a `Driver`, one process a call. Sets the process's exit
 * code; SIGTERM aborts the call, which then ends what it began.
 * @param make is told whose machines to see, and what the program's own settings are
 */
export async function serve(
  make: (owner: { installation: string; node: string }, env: NodeJS.ProcessEnv) => Driver,
): Promise<void> {
  const abort = new AbortController();
  process.once("SIGTERM", () => abort.abort(new DriverError("retry", "ended by SIGTERM")));
  try {
    const { WARMPOOL_INSTALLATION: installation, WARMPOOL_NODE: node } = process.env;
    if (installation === undefined || node === undefined) {
      throw new DriverError(
        "failed",
        "WARMPOOL_INSTALLATION and WARMPOOL_NODE must be set: they identify the owner of the machines",
      );
    }
    const command = commandOf(process.argv.slice(2));
    const input = await text(process.stdin);
    const answer = await perform(make({ installation, node }, process.env), command, input, abort.signal);
    if (answer === null) process.exitCode = EXIT.absent;
    else if (answer !== undefined) process.stdout.write(`${JSON.stringify(answer)}\n`);
  } catch (error) {
    process.stderr.write(`${wordsOf(error)}\n`);
    process.exitCode = exitCodeOf(error);
  }
}

/** What the command prints; null where there is no such machine, undefined where it prints nothing. */
async function perform(
  driver: Driver,
  command: Command,
  input: string,
  signal: AbortSignal,
): Promise<object | null | undefined> {
  switch (command) {
    case "version":
      return { version: await driver.version() };
    case "capacity":
      return driver.capacity(signal);
    case "list": {
      const listing = await driver.list(signal);
      return { ...listing, machines: listing.machines.map(answerOf) };
    }
    case "create":
      return answerOf(await driver.create(requestOf(parse(createInput, input)), signal));
    case "get": {
      const { name } = parse(namedInput, input);
      const found = await driver.get(name, signal);
      if (found === null) return null;
      return { ...answerOf(found), evidence: await evidenceOf(driver, name, signal) } satisfies z.infer<
        typeof getAnswer
      >;
    }
    case "mark": {
      if (driver.mark === undefined) throw notMade(command);
      const { mark, ...request } = parse(markInput, input);
      return answerOf(await driver.mark(mark === undefined ? request : { ...request, mark }, signal));
    }
    case "unmark":
      if (driver.unmark === undefined) throw notMade(command);
      return driver.unmark(parse(namedInput, input).name, signal).then(() => undefined);
    case "start":
    case "stop":
    case "delete":
      return driver[command](parse(namedInput, input).name, signal).then(() => undefined);
  }
}

function notMade(command: Command): DriverError {
  return new DriverError(
    "failed",
    `This program has no ${command}: it takes over no machine that it did not make`,
  );
}

/** That it cannot be had is evidence too, and no reason not to show the machine. */
async function evidenceOf(
  driver: Driver,
  name: string,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  try {
    return await driver.evidence(name, signal);
  } catch (error) {
    signal.throwIfAborted();
    return { driver: wordsOf(error) };
  }
}

function commandOf(args: string[]): Command {
  const command = COMMANDS.find((known) => known === args[0]);
  if (command !== undefined && args.length === 1) return command;
  throw new DriverError("failed", `The only argument must be one of: ${COMMANDS.join(", ")}`);
}

function parse<Schema extends z.ZodType>(schema: Schema, input: string): z.infer<Schema> {
  try {
    return schema.parse(JSON.parse(input));
  } catch (cause) {
    // The input holds a private key: what is wrong with it is not said in its own words.
    throw new DriverError("failed", "stdin is not the JSON that this command expects (docs/drivers.md)", {
      cause,
    });
  }
}

function requestOf({ mark, ...request }: z.infer<typeof createInput>): CreateRequest {
  return mark === undefined ? request : { ...request, mark };
}

/** Port 0 stands for nowhere. */
function answerOf({ name, ref, state, mark, copied, ssh, access }: DriverMachine): MachineAnswer {
  return {
    ...{ name, ref, state },
    ...(mark === undefined ? {} : { mark }),
    ...(copied === undefined ? {} : { copied }),
    ...(ssh.port === 0 ? {} : { ssh, access }),
  };
}

function exitCodeOf(error: unknown): number {
  if (!(error instanceof DriverError)) return 1;
  const codes = { exists: EXIT.exists, no_capacity: EXIT.noCapacity, retry: EXIT.retry, failed: 1 } as const;
  return codes[error.code];
}
