import { join } from "node:path";
import { inject } from "vitest";
import { createClient, type WarmpoolClient } from "../../../src/client/index.ts";
import type { Db } from "../../../src/db/client.ts";
import { incusDriver } from "../../../src/relay/drivers/incus/driver.ts";
import { INSTALLED } from "../../../src/relay/drivers/incus/place.ts";
import { localDriver } from "../../../src/relay/drivers/local/driver.ts";
import { loadIdentity } from "../../../src/relay/session/identity.ts";
import { joinNode } from "../../../src/relay/main.ts";
import { endAllOf } from "../../../scripts/leash/belonging.ts";
import { ADMIN_TOKEN, startEdge } from "../../api/edges.ts";
import { testDb } from "../../helpers/db.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { script } from "../drivers/exec/script.ts";
import { deleteAll } from "./system.ts";
import { relayProcess } from "./relayProcess.ts";

/** Several nodes of one installation on this host, each with a relay process and real machines of its own. */
export type NodeKind = { driver: "local" | "incus" } | { driver: "exec"; machinesAtMost: number };
export type Fleet = AsyncDisposable & {
  url: string;
  db: Db;
  client: WarmpoolClient;
  relays: Record<string, { start(): void; kill(): Promise<void> }>;
};

/** Edge and nodes are there, and every relay runs; pools are the test's to put. */
export async function fleet(nodes: Record<string, NodeKind>): Promise<Fleet> {
  const ends: (() => PromiseLike<unknown>)[] = [];
  const end = async (): Promise<void> => {
    for (const one of ends.toReversed()) await one();
  };
  const own = <T extends AsyncDisposable>(resource: T): T => {
    ends.push(() => resource[Symbol.asyncDispose]());
    return resource;
  };
  try {
    const folder = own(await temporaryFolder());
    // A relay that is killed leaves the call of its driver program, which would make the folder anew.
    ends.push(() => endAllOf(folder.path));
    const database = own(await testDb());
    const edge = own(await startEdge("node", database.url));
    const client = createClient({ url: edge.url, token: ADMIN_TOKEN });
    const program = own(await script(`exec '${process.execPath}' '${inject("programs").smallNode}' "$@"`));
    const relays: Fleet["relays"] = {};
    for (const [name, kind] of Object.entries(nodes)) {
      const dir = join(folder.path, name);
      const { joinToken } = await client.node.enroll.mutate({ name });
      await joinNode({ url: edge.url, token: joinToken, dir });
      const root = join(dir, "machines");
      const owner = { installation: (await loadIdentity(dir)).installation, node: name };
      const driver =
        kind.driver === "incus"
          ? incusDriver({ ...INSTALLED, ...owner })
          : localDriver({ ...owner, root, hide: [dir] });
      ends.push(() => deleteAll(driver));
      const relay = own(
        relayProcess(join(folder.path, `${name}.log`), {
          args: argumentsOf(kind, root, program.path),
          env: {
            WARMPOOL_TEST_MACHINES: root,
            WARMPOOL_TEST_MACHINES_AT_MOST: kind.driver === "exec" ? String(kind.machinesAtMost) : "",
          },
        }),
      );
      const start = (): void => relay.start(dir);
      start();
      relays[name] = { start, kill: relay.kill };
    }
    return { url: edge.url, db: database.db, client, relays, [Symbol.asyncDispose]: end };
  } catch (error) {
    await end();
    throw error;
  }
}

function argumentsOf(kind: NodeKind, root: string, program: string): string[] {
  if (kind.driver === "local") return ["--driver", "local", "--machines", root];
  if (kind.driver === "incus") return ["--driver", "incus"];
  const pass = ["--pass", "WARMPOOL_TEST_MACHINES", "--pass", "WARMPOOL_TEST_MACHINES_AT_MOST"];
  return ["--driver", "exec", "--program", program, ...pass];
}
