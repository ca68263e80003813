import { randomUUID } from "node:crypto";
import type { OperationResult } from "../../../src/contract/operationResult.ts";
import type { ProbeOperation } from "../../../src/contract/relay.ts";
import { probeMachines } from "../../../src/relay/operations/probe.ts";
import { TestLease } from "./lease.ts";
import type { TestMachine, TestNode } from "./node.ts";

type State = ProbeOperation["machines"][number]["state"];
type Probed = Extract<OperationResult, { outcome: "probed" }>;

/** Asks one machine, which the database calls so, in one attempt. @returns its answer */
export async function probed(
  node: TestNode,
  machine: TestMachine,
  state: State,
  healthCommand: string,
): Promise<Probed["answers"][number] | undefined> {
  const { id, name, host, port, hostKey } = machine;
  const operation: ProbeOperation = {
    ...{ kind: "probe", scope: "all", id: randomUUID(), token: 1, attempt: 1 },
    ...{ attempts: 1, attemptSeconds: 10 },
    machines: [{ id, name, host, port, hostKey, state, healthCommand }],
  };
  const { answers } = (await probeMachines(operation, new TestLease(), node.tools)) as Probed;
  return answers[0];
}
