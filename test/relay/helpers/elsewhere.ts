import { randomUUID } from "node:crypto";
import type { ImportOperation } from "../../../src/contract/relay.ts";
import { CALL_SECONDS, type Driver, type MarkRequest } from "../../../src/relay/driver.ts";
import type { TestMachine, TestNode } from "./node.ts";

/** A machine that runs and that the driver under test did not make, and its old record. */

export function operationOn(machine: TestMachine, change: Partial<ImportOperation> = {}): ImportOperation {
  const { name, host, port } = machine;
  return {
    kind: "import",
    ...{ id: randomUUID(), token: 1, attempt: 1 },
    machine: { id: randomUUID(), name },
    dial: { ssh: { host, port }, access: { host: "vm.example.com", port: 2222 } },
    expected: null,
    username: "anna",
    healthCommand: null,
    plan: false,
    ...change,
  };
}

/** A driver to which that machine is somebody else's, and that notes what it is told to mark. */
export function foreign(marked: MarkRequest[] = []): Driver {
  const nothing = async () => undefined;
  return {
    name: "stand-in",
    callSeconds: CALL_SECONDS,
    version: async () => "1",
    create: () => Promise.reject(new Error("nobody asks")),
    get: async () => null,
    list: async () => ({ complete: true, machines: [], storageProof: "volumes" }),
    start: nothing,
    stop: nothing,
    delete: nothing,
    mark: async (request) => {
      marked.push(request);
      const { name, ssh, access } = request;
      return { name, ref: `ref of ${name}`, state: "running", ssh, access };
    },
    capacity: () => Promise.reject(new Error("nobody asks")),
    evidence: async () => ({}),
  };
}

export async function machineOfAnna(node: TestNode): Promise<TestMachine> {
  const machine = await node.machine();
  await node.exec(machine, "useradd --create-home anna");
  return machine;
}
