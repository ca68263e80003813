import { expect, test } from "vitest";
import { cutOff } from "../../../src/relay/operations/cut.ts";
import { CALL_SECONDS, type DriverMachine } from "../../../src/relay/driver.ts";

const machine = { id: "0197b6a0-0000-7000-8000-000000000001", name: "demo-1" };
const operation = { kind: "cut" as const, id: machine.id, token: 1, attempt: 1, machine };

/** How the machine is after its stop, or what went wrong with that; and whether the lease is still ours by then. */
type After = { state: DriverMachine["state"] | null | Error; lost?: "before" | "meanwhile" };

/** A relay's attempt: what is told, and what it has asked of the driver, with the seconds that it gave each call. */
async function attempt({ state, lost }: After) {
  const dropped: string[] = [];
  const asked: [string, number][] = [];
  const at = { host: "127.0.0.1", port: 22 };
  const over = new AbortController();
  const lose = (): void => over.abort(new Error("the lease is lost"));
  const given = (signal: AbortSignal): number => Number(signal.reason);
  const tools = {
    driver: {
      callSeconds: CALL_SECONDS,
      stop: async (_: string, signal: AbortSignal) => {
        asked.push(["stop", given(signal)]);
        if (lost === "meanwhile") lose();
        if (state instanceof Error) throw state;
      },
      get: async (_: string, signal: AbortSignal) => {
        asked.push(["get", given(signal)]);
        if (state === null || state instanceof Error) return null;
        return { name: machine.name, ref: machine.name, state, ssh: at, access: at };
      },
    },
    connections: { drop: (id: string) => dropped.push(id) },
    clock: { within: (seconds: number) => ({ reason: seconds }) },
  };
  const ensure = (): void => {
    if (lost !== "before") return;
    lose();
    over.signal.throwIfAborted();
  };
  const lease = { signal: over.signal, ensure };
  const result = await cutOff(operation, lease as never, tools as never).catch((error: unknown) => error);
  expect(dropped).toEqual([machine.id]);
  return { result, asked };
}

test.each(["stopped", null] as const)("S9 a machine that its driver then has as %s is cut", async (state) => {
  const { result, asked } = await attempt({ state });
  expect(result).toEqual({ outcome: "cut" });
  expect(asked).toEqual([
    ["stop", CALL_SECONDS.stop],
    ["get", CALL_SECONDS.get],
  ]);
});

test.each(["running", "unknown"] as const)("S9 one that it has as %s is not", async (state) => {
  expect((await attempt({ state })).result).toMatchObject({
    outcome: "cut_failed",
    message: expect.stringContaining(state) as string,
  });
});

test("S9 what keeps the driver from stopping it is told", async () => {
  expect((await attempt({ state: new Error("the store hangs") })).result).toEqual({
    outcome: "cut_failed",
    message: "the store hangs",
  });
});

test("S9 a relay whose lease is lost stops nothing, and tells nothing of a stop that it has begun", async () => {
  const before = await attempt({ state: "stopped", lost: "before" });
  expect(before).toMatchObject({ result: new Error("the lease is lost"), asked: [] });
  const meanwhile = await attempt({ state: new Error("aborted"), lost: "meanwhile" });
  expect(meanwhile.result).toEqual(new Error("the lease is lost"));
});
