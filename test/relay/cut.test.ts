import { expect, test } from "vitest";
import { cutOff } from "../../src/relay/cut.ts";
import { CALL_SECONDS, type DriverMachine } from "../../src/relay/driver.ts";

const machine = { id: "0197b6a0-0000-7000-8000-000000000001", name: "demo-1" };
const operation = { kind: "cut" as const, id: machine.id, token: 1, attempt: 1, machine };

/** What is told of a machine that the driver leaves like that after its stop. */
async function told(after: DriverMachine["state"] | null | Error) {
  const dropped: string[] = [];
  const at = { host: "127.0.0.1", port: 22 };
  const { signal } = new AbortController();
  const tools = {
    driver: {
      callSeconds: CALL_SECONDS,
      stop: async () => {
        if (after instanceof Error) throw after;
      },
      get: async () =>
        after === null || after instanceof Error
          ? null
          : { name: machine.name, ref: machine.name, state: after, ssh: at, access: at },
    },
    connections: { drop: (id: string) => dropped.push(id) },
    clock: { within: (_: number, parent: AbortSignal) => parent },
  };
  const lease = { signal, ensure: () => undefined };
  const result = await cutOff(operation, lease as never, tools as never);
  expect(dropped).toEqual([machine.id]);
  return result;
}

test.each(["stopped", null] as const)("S9 a machine that its driver then has as %s is cut", async (after) => {
  expect(await told(after)).toEqual({ outcome: "cut" });
});

test.each(["running", "unknown"] as const)("S9 one that it has as %s is not", async (after) => {
  expect(await told(after)).toMatchObject({
    outcome: "cut_failed",
    message: expect.stringContaining(after) as string,
  });
});

test("S9 what keeps the driver from stopping it is told", async () => {
  expect(await told(new Error("the store hangs"))).toEqual({
    outcome: "cut_failed",
    message: "the store hangs",
  });
});
