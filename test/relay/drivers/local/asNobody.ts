import { createInterface } from "node:readline";
import { DriverError } from "../../../../src/relay/driver.ts";
import type { CreateRequest, Driver } from "../../../../src/relay/driver.ts";
import { localDriver } from "../../../../src/relay/drivers/local/driver.ts";
import type { LocalOptions } from "../../../../src/relay/drivers/local/driver.ts";

/** A program: the local driver behind stdin and stdout, a line of JSON a message. The first line holds its options. */
export type Call = {
  id: number;
  method: Exclude<keyof Driver, "name" | "callSeconds" | "bootedCommand" | "mark" | "unmark"> | "abort";
  args: unknown[];
};
export type Answer = { id: number; value?: unknown; error?: { code?: DriverError["code"]; message: string } };

const lines = createInterface(process.stdin)[Symbol.asyncIterator]();
const driver = localDriver(JSON.parse((await lines.next()).value as string) as LocalOptions);
const calls = new Map<number, AbortController>();

for await (const line of lines) {
  const { id, method, args } = JSON.parse(line) as Call;
  const controller = calls.get(id) ?? new AbortController();
  calls.set(id, controller);
  if (method === "abort") controller.abort(new Error(String(args[0])));
  else void answer(id, perform(method, args, controller.signal));
}

function perform(
  method: Exclude<Call["method"], "abort">,
  args: unknown[],
  signal: AbortSignal,
): Promise<unknown> {
  if (method === "version") return driver.version();
  if (method === "create") return driver.create(args[0] as CreateRequest, signal);
  if (method === "list" || method === "capacity") return driver[method](signal);
  return driver[method](args[0] as string, signal);
}

async function answer(id: number, work: Promise<unknown>): Promise<void> {
  const said = await work.then(
    (value): Answer => ({ id, value }),
    (error: unknown): Answer => ({ id, error: plain(error) }),
  );
  process.stdout.write(`${JSON.stringify(said)}\n`);
}

function plain(error: unknown): NonNullable<Answer["error"]> {
  if (error instanceof DriverError) return { code: error.code, message: error.message };
  return { message: error instanceof Error ? error.message : String(error) };
}
