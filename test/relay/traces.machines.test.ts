import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { expect } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { localDriver } from "../../src/relay/drivers/local/driver.ts";
import { joinNode } from "../../src/relay/main.ts";
import { loadIdentity } from "../../src/relay/session/identity.ts";
import { ADMIN_TOKEN } from "../api/edges.ts";
import { startServerProcess } from "../api/process.ts";
import { testDb } from "../helpers/db.ts";
import { deadline } from "../helpers/patience.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { until } from "../helpers/until.ts";
import { specOf } from "../helpers/world.ts";
import { type Span, startCollector } from "../traces/collector.ts";
import { testOnSystem as test } from "./helpers/node.ts";
import { relayProcess } from "./helpers/relayProcess.ts";
import { testerKey } from "./helpers/setup.ts";
import { deleteAll } from "./helpers/system.ts";

const step = (id: string, script: string) => ({ id, title: `Do ${id}`, script, timeoutSeconds: 30 });
/** Fails the first time on a machine. */
const ONCE = "test -e /var/once || { touch /var/once; exit 3; }";
const PRIVATE = ["of-the-collector", "hunter22", "alice", "Do first"];

test("traces: an assign with a caller's trace → one trace over edge and relay, from the assign to the hand-over of its retry", async () => {
  await using folder = await temporaryFolder();
  await using collector = await startCollector();
  const settings = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
    OTEL_EXPORTER_OTLP_HEADERS: "x-key=of-the-collector",
  };
  await using database = await testDb();
  await using server = await startServerProcess(database.url, settings);
  const client = createClient({ url: server.url, token: ADMIN_TOKEN });
  const dir = join(folder.path, "relay");
  const { joinToken } = await client.node.enroll.mutate({ name: "n1" });
  await joinNode({ url: server.url, token: joinToken, dir });
  const root = join(folder.path, "machines");
  const { installation } = await loadIdentity(dir);
  const driver = localDriver({ installation, node: "n1", root, hide: [dir] });
  await using machines = { root, [Symbol.asyncDispose]: () => deleteAll(driver) };
  await using relay = relayProcess(join(folder.path, "relay.log"), {
    args: ["--driver", "local", "--machines", machines.root],
    env: settings,
  });
  await client.recipe.put.mutate({
    name: "plain",
    params: { word: {} },
    steps: [step("first", "echo '::output word=hunter22'"), step("second", ONCE)],
  });
  await client.pool.put.mutate(specOf({ targetSize: 1, maxSize: 1, image: "local" }));
  relay.start(dir);
  await until(
    "a machine",
    async () => (await client.machine.list.query({ state: "ready" })).items.length === 1,
    {
      seconds: 90,
      everyMs: 100,
    },
  );

  const [traceId, caller] = [randomBytes(16).toString("hex"), randomBytes(8).toString("hex")];
  const response = await fetch(`${server.url}/trpc/tester.assign`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${ADMIN_TOKEN}`,
      "content-type": "application/json",
      traceparent: `00-${traceId}-${caller}-01`,
    },
    body: JSON.stringify({ username: "alice", sshKeys: [testerKey], params: { word: "hunter22" } }),
    signal: deadline(30),
  });
  expect(response.status).toBe(200);
  await response.body?.cancel();
  const ofTrace = () => collector.spans.filter((span) => span.traceId === traceId);
  await until("the set-up's span", () => ofTrace().some(({ name }) => name === "set-up"));
  const failed = await client.tester.status.query({ username: "alice" });
  expect(failed.state).toBe("failed");

  const named = (name: string): Span => {
    const found = ofTrace().find((span) => span.name === name);
    if (found === undefined) throw new Error(`there is no span ${name}`);
    return found;
  };
  const assign = named("assign");
  const setup = named("set-up");
  const parts = ["connect", "step account", "step first", "step second"].map(named);
  expect(assign).toMatchObject({ service: "warmpool-server", parent: caller });
  expect(setup).toMatchObject({
    service: "warmpool-relay",
    parent: assign.spanId,
    error: "step_failed",
    attributes: { "warmpool.assignment": failed.id, "warmpool.recipe": "plain" },
  });
  expect(parts.map(({ parent, error }) => [parent, error])).toEqual([
    [setup.spanId, null],
    [setup.spanId, null],
    [setup.spanId, null],
    [setup.spanId, "failed"],
  ]);
  const inOrder = [assign, setup, ...parts].map(({ start }) => start);
  expect(inOrder).toEqual(inOrder.toSorted((one, other) => Number(one - other)));
  for (const { start, end } of parts) expect(start <= end && end <= setup.end).toBe(true);

  await client.tester.retry.mutate({ username: "alice" });
  const setups = () => ofTrace().filter(({ name }) => name === "set-up");
  await until("the retry's span", () => setups().length === 2);
  expect(setups().map(({ parent, error }) => [parent, error])).toEqual([
    [assign.spanId, "step_failed"],
    [assign.spanId, null],
  ]);
  const retried = setups()[1];
  expect(named("hand-over")).toMatchObject({ parent: retried?.spanId, error: null });
  // A machine's create is a trace of its own, with the machine's id.
  const create = collector.spans.find(({ name }) => name === "create");
  expect(create).toMatchObject({ parent: null, traceId: failed.machine?.id.replaceAll("-", "") });
  const clone = collector.spans.find(({ name }) => name === "clone");
  expect(clone?.parent).toBe(create?.spanId);

  expect(collector.requests[0]?.headers["x-key"]).toBe("of-the-collector");
  const sent = collector.requests.map(({ body }) => body).join("\n");
  for (const text of PRIVATE) expect(sent).not.toContain(text);
});
