import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import type { ProbeOperation } from "../../../src/contract/relay.ts";
import { makeHostKey } from "../../../src/relay/ssh/hostKey.ts";
import { probeMachines } from "../../../src/relay/operations/probe.ts";
import { SshError } from "../../../src/relay/ssh/sshError.ts";
import type { Tools } from "../../../src/relay/tools.ts";
import { hastyClock } from "../../helpers/testClock.ts";
import { until } from "../../helpers/until.ts";
import { TestLease } from "../helpers/lease.ts";

const hostKey = makeHostKey("one").pinned;

const machineOf = (name: string): ProbeOperation["machines"][number] => ({
  ...{ id: randomUUID(), name, host: "127.0.0.1", port: 22, hostKey },
  ...{ state: "ready", healthCommand: null },
});

test("probe: 100 silent machines before 900 that are well → these are all asked while nobody silent has been given up, few at a time", async () => {
  const [silent, well] = [100, 900].map((count, index) =>
    Array.from({ length: count }, (_, at) => machineOf(`${index === 0 ? "silent" : "well"}-${at}`)),
  );
  if (silent === undefined || well === undefined) throw new Error("two kinds of machines");
  const isSilent = new Set(silent.map(({ id }) => id));
  const [answered, givenUp]: [Set<string>, ((error: Error) => void)[]] = [new Set(), []];
  let [commands, most] = [0, 0];
  const connections = {
    get: ({ id }: { id: string }) =>
      isSilent.has(id)
        ? new Promise((_, reject) => givenUp.push(reject))
        : Promise.resolve({
            exec: async () => {
              most = Math.max(most, (commands += 1));
              await Promise.resolve();
              commands -= 1;
              answered.add(id);
              return { code: 0, signal: null, stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
            },
          }),
    drop: () => undefined,
    keepOnly: () => undefined,
  };
  const driver = {
    list: () => Promise.reject(new Error("not now")),
    callSeconds: { list: 1, get: 1 },
  };
  const operation: ProbeOperation = {
    ...{
      kind: "probe",
      scope: "all",
      id: randomUUID(),
      token: 1,
      attempt: 1,
      attempts: 1,
      attemptSeconds: 4,
    },
    machines: [...silent, ...well],
  };
  const tools = { driver, connections, clock: hastyClock() } as unknown as Tools;
  const probed = probeMachines(operation, new TestLease(), tools);
  await until("all that are well", () => answered.size === 900);
  expect(givenUp).toHaveLength(100);
  expect(most).toBeLessThanOrEqual(32);
  for (const give of givenUp) give(new SshError("timed_out", "no answer"));
  const result = await probed;
  expect(
    result.outcome === "probed" && result.answers.filter(({ answer }) => answer === "dead"),
  ).toHaveLength(100);
});
