import { expect, test, vi } from "vitest";
import type { Progress } from "../../../src/contract/progress.ts";
import type { RenewResult } from "../../../src/contract/relay.ts";
import { systemClock } from "../../../src/relay/time/clock.ts";
import type { Edge } from "../../../src/relay/session/edge.ts";
import { ReportRefused } from "../../../src/relay/errors.ts";
import { CALL_BYTES, Renewer } from "../../../src/relay/session/renewer.ts";
import { SetupReporter } from "../../../src/relay/setup/reporter.ts";

type Asked = Parameters<Edge["renew"]>[0]["operations"];

/** Renews for real against an edge that answers as `answer` says; the calls are kept. */
function renewing(answer: (asked: Asked) => RenewResult["operations"]) {
  const calls: Asked[] = [];
  const edge = {
    renew: async ({ operations }: { operations: Asked }) => {
      calls.push(operations);
      return { operations: answer(operations) };
    },
  };
  const renewer = new Renewer(edge, { session: "s", leaseSeconds: 60, renewSeconds: 15 }, systemClock);
  const stop = new AbortController();
  const running = renewer.run(stop.signal);
  return {
    calls,
    hold: (id: string, token: number) => renewer.hold({ id, token }, systemClock.now()),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      renewer.endAll(new Error("over"));
      await running;
    },
  };
}

const held = ({ id }: Asked[number]) => ({ id, status: "held" as const });
const log = (text: string): Progress => ({ kind: "setup", log: { offset: 0, end: 9, text } });

test("a report that the edge refuses is said and dropped, and costs no lease", async () => {
  const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  await using at = renewing((asked) =>
    asked.map((one) =>
      one.id === "bad" && one.progress !== undefined ? { ...held(one), refused: "step: no" } : held(one),
    ),
  );
  const [bad, good] = [at.hold("bad", 1), at.hold("good", 2)];
  const refused = bad.confirm(log("x"));
  const taken = good.confirm(log("y"));
  await expect(refused).rejects.toThrow(ReportRefused);
  await taken;
  bad.ensure(50);
  good.ensure(50);
  expect(bad.hasProgress).toBe(false);
  expect(said.mock.calls.join("")).toMatch(/rejected a progress report.*step: no/);
  said.mockRestore();
});

test("a set-up goes on where one of its reports is refused", async () => {
  const said = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  await using at = renewing((asked) => asked.map((one) => ({ ...held(one), refused: "no" })));
  const reporter = new SetupReporter(at.hold("a", 1), ["Account", "Hand over"], 0, []);
  reporter.read([{ text: "hello", start: 0, end: 6, newline: true }]);
  await reporter.flush();
  expect(at.calls.flat().filter(({ progress }) => progress !== undefined)).toHaveLength(1);
  said.mockRestore();
});

test("what many set-ups have to tell goes in as many calls as the edge can read", async () => {
  await using at = renewing((asked) => asked.map(held));
  const leases = Array.from({ length: 12 }, (_, n) => at.hold(String(n), n + 1));
  await Promise.all(leases.map((lease) => lease.confirm(log("\u0001".repeat(48 * 1024)))));
  expect(at.calls.length).toBeGreaterThan(1);
  for (const call of at.calls)
    expect(Buffer.byteLength(JSON.stringify(call))).toBeLessThan(CALL_BYTES + 10_000);
});
