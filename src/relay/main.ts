import { resolve } from "node:path";
import { type Driver, DriverError } from "./driver.ts";
import { chooseDriver } from "./drivers/choose.ts";
import type { DriverOptions } from "../contract/drivers.ts";
import { serviceManager } from "../host/serviceManager.ts";
import { tracesOf } from "../host/traces.ts";
import { systemClock } from "./time/clock.ts";
import { connectEdge, EdgeError, endsSession } from "./session/edge.ts";
import { RelayError, WrongUse, wordsOf } from "./errors.ts";
import { executors } from "./operations/execute.ts";
import { endFormer, formerOf, noteSelf } from "./session/former.ts";
import {
  assertUnjoined,
  HighestNumber,
  loadIdentity,
  loadOrMakeKey,
  saveIdentity,
} from "./session/identity.ts";
import { log } from "./log.ts";
import { serve } from "./session/loop.ts";
import { onlyOwn } from "./onlyOwn.ts";
import { openSession } from "./session/session.ts";
import { SshPool } from "./ssh/sshPool.ts";
import { oneLine } from "./text.ts";
import { packageVersion } from "./version.ts";

/** For the spans that are left when it stops. */
const TRACES_MS = 2000;

/** The relay: `join` once with a one-time token, then `run`. It dials out and opens no port. */
const DEFAULT_DIR = ".warmpool/relay";

export type JoinOptions = {
  url: string;
  token: string;
  dir?: string;
  /** Also where the folder is a node's already, which ends to be one. */
  replace?: boolean;
};
export type RunOptions = DriverOptions & {
  dir?: string | undefined;
  /** Instead of the URL that was joined. */
  url?: string | undefined;
  /** Aborted when the relay has to stop; without it SIGTERM and SIGINT stop it. */
  signal?: AbortSignal;
};

/**
 * Trades a one-time join token for this node's credential and keeps it in `dir`.
 * @returns the node's name
 * @throws RelayError where the folder is a node's already, or the edge refuses the token or cannot be reached
 */
export async function joinNode({
  url,
  token,
  dir = DEFAULT_DIR,
  replace = false,
}: JoinOptions): Promise<{ node: string; dir: string }> {
  // Before the edge is asked: the token is not spent on a refusal.
  if (!replace) await assertUnjoined(dir);
  const about = { relayVersion: packageVersion() };
  try {
    const { node, credential, installation } = await connectEdge(url, token).join(
      about,
      AbortSignal.timeout(30_000),
    );
    await HighestNumber.startOver(dir, { node, installation });
    await saveIdentity(dir, { url, node, credential, installation });
    await loadOrMakeKey(dir, node);
    return { node, dir };
  } catch (error) {
    if (endsSession(error)) {
      throw new RelayError(
        "The edge rejected this join token: it was already used or has expired. Enroll the node again.",
        {
          cause: error,
        },
      );
    }
    throw error instanceof EdgeError ? new RelayError(wordsOf(error), { cause: error }) : error;
  }
}

/**
 * Serves this node until it is told to stop; returns within a few seconds of that.
 * @throws RelayError where it never joined, is refused, or a newer relay has taken over
 */
export async function runRelay(options: RunOptions): Promise<void> {
  const dir = resolve(options.dir ?? DEFAULT_DIR);
  const who = await loadIdentity(dir);
  const key = await loadOrMakeKey(dir, who.node);
  const highest = await HighestNumber.load(dir);
  const { driver: chosen, banner } = chooseDriver(options, { ...who, dir });
  const driver = onlyOwn(chosen, who);
  const traces = await tracesOf(process.env, {
    service: "warmpool-relay",
    resource: { "service.version": packageVersion(), "warmpool.node": who.node },
    onDropped: (count, why) => log.warn("Spans were dropped", { count, cause: why }),
  }).catch((error: unknown) => {
    throw new WrongUse(wordsOf(error), { cause: error });
  });
  const signal = options.signal ?? signalled();
  const url = options.url ?? who.url;
  const edge = connectEdge(url, who.credential);
  log.info("Starting", { node: who.node, url, driver: driver.name });
  log.info(banner);
  // Before the edge answers: a service that waits for it would be considered failed while the edge is down.
  serviceManager(process.env).ready();
  const connections = new SshPool(key.privateKey);
  try {
    const about = {
      relayVersion: packageVersion(),
      driver: driver.name,
      driverVersion: await versionOf(driver),
      sshPublicKey: key.publicKey,
      highestMachineNumber: highest.value,
    };
    const session = await openSession(edge, driver, about, signal);
    const former = await formerOf(dir);
    if (former !== null) await endFormer(former, signal);
    await noteSelf(dir);
    log.info("Serving", { node: session.node, session: session.session });
    const tools = { driver, key, highest, connections, clock: systemClock };
    const execute = executors(traces === null ? tools : { ...tools, trace: traces.operation });
    await serve(edge, driver, session, execute, highest, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    connections[Symbol.dispose]();
    await traces?.close(TRACES_MS);
  }
  log.info("Stopped; running set-ups continue on their machines", { node: who.node });
}

/** Whether nothing was tried, for what was typed cannot be carried out as it stands. */
export function isWrongUse(error: unknown): error is WrongUse {
  return error instanceof WrongUse;
}

/** What the driver calls itself. That it cannot say so now is no reason to leave the node without a relay. */
async function versionOf(driver: Driver): Promise<string> {
  try {
    return oneLine(await driver.version(), 100);
  } catch (error) {
    if (!(error instanceof DriverError) || error.code !== "retry") throw error;
    log.warn("The driver does not report its version; continuing without it", { cause: error.message });
    return "unknown";
  }
}

/** Aborted at the first SIGTERM or SIGINT; a second one ends the process at once. */
function signalled(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => controller.abort(new RelayError(`stopped by ${name}`)));
  }
  return controller.signal;
}
