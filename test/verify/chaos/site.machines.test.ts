import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { type FarPlace, openFarSite } from "../../../verify/chaos/far/site.ts";
import { processesOf } from "../../../scripts/leash/belonging.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { until } from "../../helpers/until.ts";

test("far site: its edge does not answer in time → nothing of it is left", async () => {
  await using folder = await temporaryFolder();
  // Everything that it starts inherits this.
  vi.stubEnv("WARMPOOL_TEST_RUN", folder.path);
  const opened = openFarSite(placeWithout(folder.path), 1);
  opened.catch(() => undefined);
  await until("its edge to be started", () => processesOf(folder.path).length > 0);
  await expect(opened).rejects.toThrow(/^waited 1 s .*for the far edge to answer/);
  vi.unstubAllEnvs();
  expect(processesOf(folder.path)).toEqual([]);
});

/** A place whose edge does not come up: it refuses a token that is so short. */
function placeWithout(folder: string): FarPlace {
  const local = {
    url: "http://127.0.0.1:9",
    adminToken: "short",
    appToken: "short",
    secretKey: "short",
    databaseUrl: "postgres://nobody:nothing@127.0.0.1:9/none",
    pids: { supervisor: 1, edge: 1, relay: 1, postgres: 1 },
  };
  const never = () => Promise.reject(new Error("not asked"));
  const stack = { local: () => local, admin: { query: never, mutate: never } };
  return { stack, driver: "local", folder, machines: join(folder, "machines") };
}
