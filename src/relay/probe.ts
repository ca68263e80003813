import type { ProbeAnswer } from "../contract/machine.ts";
import type { Listing, OperationResult, ProbeOperation } from "../contract/relay.ts";
import { wordsOf } from "./errors.ts";
import type { Tools } from "./execute.ts";
import type { Lease } from "./lease.ts";
import { pause } from "./pause.ts";
import { listingOf } from "./session.ts";
import { SshError } from "./sshError.ts";
import type { SshPool } from "./sshPool.ts";
import { head, printable, tail } from "./text.ts";

/**
 * Asks every machine whether it lives: `alive`, `dead`, or `unknown` where this relay could not ask. A complete listing
 * outranks what answers at an address; a listing that failed says nothing about anybody.
 */
export async function probeMachines(
  operation: ProbeOperation,
  lease: Lease,
  { driver, connections }: Pick<Tools, "driver" | "connections">,
): Promise<OperationResult> {
  const listing = await listingOf(driver, lease.signal);
  const queue = [...operation.machines];
  const answers: Answer[] = [];
  const worker = async (): Promise<void> => {
    for (let machine = queue.shift(); machine !== undefined; machine = queue.shift()) {
      answers.push({
        id: machine.id,
        ...(await ask(machine, operation, listing, connections, lease.signal)),
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, queue.length) }, worker));
  connections.keepOnly(new Set(operation.machines.map((machine) => machine.id)));
  return { outcome: "probed", listing, answers };
}

type Verdict = { answer: ProbeAnswer; cause: string | null };
type Answer = Verdict & { id: string };

const AT_ONCE = 16;

async function ask(
  machine: ProbeOperation["machines"][number],
  { attempts, attemptSeconds }: ProbeOperation,
  listing: Listing | null,
  connections: SshPool,
  signal: AbortSignal,
): Promise<Verdict> {
  if (listing?.complete === true && !listing.names.includes(machine.name)) {
    connections.drop(machine.id);
    return { answer: "dead", cause: "not in the node's listing" };
  }
  let verdict: Verdict | null = null;
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const startedAt = performance.now();
    const now = await askOnce(machine, attemptSeconds, connections, signal);
    if (now.answer === "alive") return now;
    // Dead only where every attempt said so.
    if (verdict?.answer !== "unknown") verdict = now;
    connections.drop(machine.id);
    // Spaced, so that one bad moment is not asked three times.
    const left = attemptSeconds * 1000 - (performance.now() - startedAt);
    if (attempt < attempts && left > 0) await pause(left, signal);
  }
  return verdict ?? { answer: "unknown", cause: "no attempt was allowed" };
}

/** One attempt of at most `seconds`, its login included. */
async function askOnce(
  machine: ProbeOperation["machines"][number],
  seconds: number,
  connections: SshPool,
  signal: AbortSignal,
): Promise<Verdict> {
  const endsAt = performance.now() + seconds * 1000;
  try {
    const connection = await connections.get(machine, { timeoutSeconds: seconds, signal });
    const timeoutSeconds = Math.max(0.1, (endsAt - performance.now()) / 1000);
    const result = await connection.exec(machine.healthCommand ?? "true", {
      timeoutSeconds,
      signal,
      maxBytes: 16_384,
    });
    if (result.code === 0) return { answer: "alive", cause: null };
    const output = printable(Buffer.concat([result.stdout, result.stderr]));
    return {
      answer: "dead",
      cause: head(`health command ended with ${result.code ?? result.signal}: ${tail(output, 300)}`, 500),
    };
  } catch (error) {
    signal.throwIfAborted();
    const cause = head(wordsOf(error), 500);
    return { answer: error instanceof SshError && error.kind !== "local" ? "dead" : "unknown", cause };
  }
}
