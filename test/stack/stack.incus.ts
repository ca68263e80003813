import { expect, test } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { incusClient } from "../../src/relay/drivers/incus/client.ts";
import { findInstance } from "../../src/relay/drivers/incus/look.ts";
import { INSTALLED } from "../../src/relay/drivers/incus/place.ts";
import { startStack } from "../helpers/stack.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { deadline } from "../helpers/patience.ts";

test("npm start takes Incus where all of Warmpool's is there, fills a pool with it and takes it down", async () => {
  await using folder = await temporaryFolder();
  await using stack = await startStack(folder.path, ["--driver", "auto"]);
  const { url, adminToken } = await stack.ready();
  expect(stack.output()).toContain("Driver: incus (project warmpool, image warmpool-debian)");
  const admin = createClient({ url, token: adminToken });
  const { items } = await admin.machine.list.query({ state: "ready" });
  expect(items).toMatchObject([
    { driver: "incus", driverRef: `warmpool/${items[0]?.name}`, host: "127.0.0.1" },
  ]);
  stack.signal("SIGTERM");
  expect(await stack.exited).toBe(0);
  expect(stack.output()).toContain("Stopped.");
  const left = await findInstance(incusClient(INSTALLED), items[0]?.name ?? "", deadline(10));
  expect(left).toBeNull();
});
