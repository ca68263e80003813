import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { holdLeash } from "../../scripts/leash/leash.ts";
import { makeHostKey, makeKeyPair } from "../../src/relay/ssh/hostKey.ts";
import { localDriver } from "../../src/relay/drivers/local/driver.ts";
import { startPostgres } from "../../src/stack/postgres.ts";
import { freePort } from "../../src/stack/ports.ts";
import { deadline } from "../helpers/patience.ts";

/**
 * A run for tests to kill. It starts a child and another process that loses its parent; with the argument `all` also a
 * database server and a machine. Then it prints its folder. Any input makes it release its leash and end.
 */
const leash = await holdLeash("leash");
spawn("sleep", ["600"], { stdio: "ignore" });
spawn("sh", ["-c", "setsid sleep 601 & exit"], { stdio: "ignore" });
if (process.argv[2] === "all") await startAll();
console.log(leash.folder);
await once(process.stdin, "data");
await leash.release(false).catch((error: Error) => console.log(error.message));
process.exit(0);

async function startAll(): Promise<void> {
  await startPostgres({ folder: join(tmpdir(), "postgres"), keep: "throwaway" });
  const root = join(tmpdir(), "machines");
  mkdirSync(root);
  await localDriver({ root, installation: randomUUID(), node: "n1", hide: [] }).create(
    {
      name: "m-1",
      shape: { vcpus: 1, memoryMib: 256, diskGib: 1 },
      image: "local",
      instanceType: "container",
      authorizedKeys: [makeKeyPair("relay").publicKey],
      hostKey: makeHostKey("m-1").pair,
      port: await freePort(),
      httpPort: await freePort(),
    },
    deadline(60),
  );
}
