import { closeSync, openSync, readFileSync } from "node:fs";
import type { ProbeOperation } from "../../../src/contract/relay.ts";
import { systemClock } from "../../../src/relay/time/clock.ts";
import { localDriver } from "../../../src/relay/drivers/local/driver.ts";
import { log } from "../../../src/relay/log.ts";
import { probeMachines } from "../../../src/relay/operations/probe.ts";
import { SshPool } from "../../../src/relay/ssh/sshPool.ts";
import { TestLease } from "./lease.ts";

/**
 * A program: probes machines twice, first with all its file descriptors taken, then with them free. Run it under a low
 * `ulimit -n`. Reads what to probe from stdin, prints the two results as one line of JSON.
 */
export type Input = { root: string; privateKey: string; machines: ProbeOperation["machines"] };

Object.assign(log, { info: () => undefined, warn: () => undefined });
// At once: a stream of it would be closed some time later, and leave a descriptor free.
const { root, privateKey, machines } = JSON.parse(readFileSync(0, "utf8")) as Input;
const driver = localDriver({ root, installation: "probing", node: "n1", hide: [] });
const connections = new SshPool(privateKey);
const operation: ProbeOperation = {
  kind: "probe",
  scope: "all",
  id: "00000000-0000-4000-8000-000000000000",
  token: 1,
  attempt: 1,
  machines,
  attempts: 2,
  attemptSeconds: 1,
};

const taken: number[] = [];
function takeAll(): void {
  try {
    for (;;) taken.push(openSync("/dev/null", "r"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EMFILE") throw error;
  }
}
// Also those that something closes later.
takeAll();
const takesOn = setInterval(takeAll, 1);
const without = await probeMachines(operation, new TestLease(), { driver, connections, clock: systemClock });
clearInterval(takesOn);
for (const descriptor of taken) closeSync(descriptor);
const withFiles = await probeMachines(operation, new TestLease(), {
  driver,
  connections,
  clock: systemClock,
});
connections[Symbol.dispose]();
process.stdout.write(`${JSON.stringify([without, withFiles])}\n`);
