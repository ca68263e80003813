import type { HostKey } from "../../contract/machine.ts";
import type { CreateOperation } from "../../contract/relay.ts";
import type { OperationResult } from "../../contract/operationResult.ts";
import { type DriverMachine, DriverError } from "../driver.ts";
import { Cancelled, wordsOf } from "../errors.ts";
import type { Tools } from "../tools.ts";
import { during, UNTRACED } from "../span.ts";
import { makeHostKey } from "../ssh/hostKey.ts";
import { knownGood, NotGood } from "./knownGood.ts";
import type { Lease } from "../session/lease.ts";
import { capped, head } from "../text.ts";

type CreateFailed = Extract<OperationResult, { outcome: "create_failed" }>;

/** A create that is given up: crash only, the machine is torn down and made anew under another name. */
class CreateFailure extends Error {
  readonly reason: CreateFailed["reason"];
  constructor(reason: CreateFailed["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/**
 * Makes a machine and brings it to known good. The host key is pinned at the edge before the driver is asked, so no
 * machine ever exists whose key nobody knows; a later attempt looks first, and goes on with what is there.
 */
export async function createMachine(
  operation: CreateOperation,
  lease: Lease,
  tools: Tools,
): Promise<OperationResult> {
  const { span = UNTRACED } = tools;
  const bootSignal = tools.clock.within(operation.spec.bootTimeoutSeconds, lease.signal);
  try {
    await tools.highest.saw(operation.machine.number);
    const { made, hostKey } = await during(span, "clone", () =>
      makeOrFind(operation, lease, tools, bootSignal),
    );
    await knownGood({
      made,
      hostKey,
      bootedCommand: tools.driver.bootedCommand,
      spec: operation.spec,
      lease,
      privateKey: tools.key.privateKey,
      signal: bootSignal,
      clock: tools.clock,
      span,
    });
    return {
      outcome: "created",
      driver: tools.driver.name,
      driverRef: made.ref,
      host: made.ssh.host,
      port: made.ssh.port,
      access: made.access,
    };
  } catch (error) {
    if (lease.signal.aborted && !(lease.signal.reason instanceof Cancelled)) throw lease.signal.reason;
    return {
      outcome: "create_failed",
      reason: reasonOf(error, lease),
      message: head(wordsOf(error), 4096),
      evidence: capped({
        ...(error instanceof NotGood ? error.evidence : {}),
        ...(await evidenceOf(operation, tools)),
      }),
    };
  }
}

async function makeOrFind(
  { attempt, machine, spec }: CreateOperation,
  lease: Lease,
  { driver, key, clock }: Tools,
  signal: AbortSignal,
): Promise<{ made: DriverMachine; hostKey: HostKey }> {
  if (attempt > 1) {
    const found = await driver.get(machine.name, clock.within(driver.callSeconds.get, signal));
    if (found !== null) return { made: found, hostKey: usable(found, machine.hostKey) };
  }
  const { pair, pinned } = makeHostKey(machine.name);
  await lease.confirm({ kind: "create", phase: "cloning", hostKey: pinned });
  lease.ensure();
  const made = await driver.create(
    {
      name: machine.name,
      shape: spec.shape,
      image: spec.image,
      instanceType: spec.instanceType,
      authorizedKeys: [key.publicKey, ...spec.adminSshKeys],
      hostKey: pair,
      port: machine.port,
      httpPort: machine.httpPort,
    },
    signal,
  );
  return { made, hostKey: pinned };
}

/** What an earlier attempt left: only a running machine whose key is pinned can still become good. */
function usable(found: DriverMachine, hostKey: HostKey | null): HostKey {
  if (hostKey !== null && found.state === "running") return hostKey;
  throw new CreateFailure(
    "driver_failed",
    hostKey === null
      ? `${found.name} exists, but no host key is pinned for it, so it may not be the machine that was created.`
      : `An earlier attempt left ${found.name} half created (${found.state}).`,
  );
}

function reasonOf(error: unknown, lease: Lease): CreateFailed["reason"] {
  if (lease.signal.aborted) return "cancelled";
  if (error instanceof CreateFailure || error instanceof NotGood) return error.reason;
  return error instanceof DriverError && error.code === "no_capacity" ? "no_capacity" : "driver_failed";
}

/** The machine's own evidence; that it cannot be had is evidence too. */
async function evidenceOf({ machine }: CreateOperation, { driver }: Tools): Promise<Record<string, string>> {
  try {
    return await driver.evidence(machine.name, AbortSignal.timeout(15_000));
  } catch (error) {
    return { driver: wordsOf(error) };
  }
}
