import { expect, test } from "vitest";
import type { LeasedOperation, SetupOperation } from "../../../src/contract/relay.ts";
import { LeaseLost } from "../../../src/relay/errors.ts";
import { executors } from "../../../src/relay/operations/execute.ts";
import { NotGood } from "../../../src/relay/operations/knownGood.ts";
import { StepSpans } from "../../../src/relay/setup/stepSpans.ts";
import { during, type Span } from "../../../src/relay/span.ts";
import { makeHostKey, makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import type { Tools } from "../../../src/relay/tools.ts";
import { TestLease } from "../helpers/lease.ts";
import { quiet } from "../helpers/quiet.ts";
import { setupOperation } from "../helpers/setup.ts";

quiet();

/** Notes how each span began and ended, as `name` and `name: error`. */
function noting(notes: string[], name = "operation"): Span {
  return {
    child: (part) => {
      notes.push(part);
      return noting(notes, part);
    },
    end: (error) => void notes.push(`${name}: ${error ?? "ok"}`),
  };
}

const here = { host: "127.0.0.1", port: 1 };
const machine = {
  ...{ id: "m", name: "m-1", ...here, access: here, httpPort: 2 },
  hostKey: makeHostKey("m-1").pinned,
};

/** With a lease that is lost, so that no machine is dialled. */
async function run(operation: SetupOperation): Promise<{ traced: string[]; notes: string[] }> {
  const [traced, notes]: [string[], string[]] = [[], []];
  const trace = ({ kind }: LeasedOperation) => {
    traced.push(kind);
    return noting(notes);
  };
  const lease = new TestLease();
  lease.end(new LeaseLost("The test took it away."));
  const tools = { key: makeKeyPair("relay"), trace } as unknown as Tools;
  await expect(executors(tools)(operation, lease)).rejects.toThrow("took it away");
  return { traced, notes };
}

test("traced: a set-up that is broken off → its span ends as abandoned", async () => {
  const operation = setupOperation(machine, [["a", "true"]], { loggedIn: true });
  expect(await run(operation)).toEqual({ traced: ["setup"], notes: ["operation: abandoned"] });
});

test("traced: a change of an active tester's keys → no span, because the trace of the assign is over", async () => {
  expect(await run(setupOperation(machine, [], { loggedIn: true }))).toEqual({ traced: [], notes: [] });
});

test("during: work that fails → its span has the reason or the kind of the error, and not its message", async () => {
  const notes: string[] = [];
  const fail = async (error: Error): Promise<void> => {
    const failing = async (): Promise<never> => {
      throw error;
    };
    await expect(during(noting(notes), "part", failing)).rejects.toBe(error);
  };
  await fail(new NotGood("never_ready", "hunter2", {}));
  await fail(new LeaseLost("hunter2"));
  expect(notes).toEqual(["part", "part: never_ready", "part", "part: LeaseLost"]);
});

test("steps: a log that starts them over and over → one span for each, in order, and none for others", () => {
  const notes: string[] = [];
  const steps = new StepSpans(noting(notes), [{ id: "account" }, { id: "a" }]);
  for (const step of [1, 2, 0, 1, 2, 7, 1]) steps.at(step);
  steps.end("failed");
  expect(notes).toEqual(["step account", "step account: ok", "step a", "step a: ok"]);
  const failed = new StepSpans(noting(notes), [{ id: "b" }]);
  failed.at(1);
  failed.end("timeout");
  failed.end("abandoned");
  expect(notes.slice(4)).toEqual(["step b", "step b: timeout"]);
});
