import { expect } from "vitest";
import { makeKey, ssh } from "../../../verify/harness/sshClient.ts";
import { SETTINGS } from "../../../src/domain/core/limits.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { deadline } from "../../helpers/patience.ts";
import { until } from "../../helpers/until.ts";
import { RECIPE, specOf } from "../../helpers/world.ts";
import { testAtNight, testOnSystem as test } from "../helpers/node.ts";
import { type System, system } from "../helpers/system.ts";

/** How a tester's access ends: through a real relay, on a machine whose delete takes its time. */
const SLOW_DELETE = `if [ "$1" = delete ]; then until [ -f "$folder/go" ]; do sleep 0.1; done; fi`;
const LONG = { seconds: 60, everyMs: 50 };

async function withOneReady(recipe = RECIPE): Promise<System> {
  const under = await system({ driver: "local", broken: SLOW_DELETE });
  await under.client.recipe.put.mutate(recipe);
  const shape = { vcpus: 1, memoryMib: 256, diskGib: 1 };
  const spec = specOf({ shape, image: "local", targetSize: 1, maxSize: 1, recipe: recipe.name });
  await under.client.pool.put.mutate(spec);
  under.startRelay();
  await under.ready(1);
  return under;
}

const status = ({ client }: System) => client.tester.status.query({ username: "alice" });

test("a release cuts who is logged in, and says when access was gone, long before the machine is", async () => {
  await using folder = await temporaryFolder();
  await using under = await withOneReady();
  const key = await makeKey(folder.path, "alice");
  await under.client.tester.assign.mutate({ username: "alice", sshKeys: [key.publicKey] });
  const { machine } = await until(
    "alice to be active",
    async () => {
      const now = await status(under);
      return now.state === "active" && now;
    },
    LONG,
  );
  if (machine === null) throw new Error("alice has no machine");
  const session = ssh(machine, "alice", key, "echo in; exec sleep 29");

  const asked = Date.now();
  expect(await under.client.tester.release.mutate({ username: "alice" })).toMatchObject({
    state: "released",
    accessEndedAt: null,
  });
  const { accessEndedAt } = await until(
    "access to be gone",
    async () => {
      const now = await status(under);
      return now.accessEndedAt !== null && now;
    },
    LONG,
  );
  expect(Date.parse(accessEndedAt ?? "")).toBeGreaterThanOrEqual(asked);
  expect(await session).toMatchObject({ code: 255, stdout: "in\n" });
  expect((await ssh(machine, "alice", key, "true")).code).toBe(255);
  expect(await under.client.machine.get.query({ id: machine.id })).toMatchObject({
    state: "deleting",
    receipt: null,
  });

  await under.fault("go", true);
  await until(
    "the machine to be proven gone",
    async () => {
      return (await under.client.machine.get.query({ id: machine.id })).state === "deleted";
    },
    LONG,
  );
  expect((await status(under)).accessEndedAt, "the first proof stands").toBe(accessEndedAt);
});

testAtNight("a release in mid set-up stops it", async () => {
  const script = "while :; do date +%s.%N >/root/beat; sleep 0.2; done";
  await using under = await withOneReady({
    ...RECIPE,
    steps: [{ id: "beat", title: "Beat", script, timeoutSeconds: 300 }],
  });
  await under.client.tester.assign.mutate({ username: "alice", sshKeys: [] });
  await until("the step to run", async () => (await status(under)).setup?.step === 2, LONG);
  await under.client.tester.release.mutate({ username: "alice" });
  // Sooner than a renewal would tell the relay that the set-up is over.
  await until("access to be gone", async () => (await status(under)).accessEndedAt !== null, {
    seconds: SETTINGS.renewSeconds - 5,
    everyMs: 50,
  });
  const { items } = await under.client.machine.list.query({});
  expect(items).toMatchObject([{ state: "deleting", operation: { kind: "delete" } }]);
  const [standing] = (await under.driver.list(deadline(10))).machines;
  expect(standing).toMatchObject({ name: items[0]?.name, state: "stopped" });
  await under.fault("go", true);
});
