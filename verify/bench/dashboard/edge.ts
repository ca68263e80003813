import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { type Connection, connect } from "../../../src/db/client.ts";
import { migrate } from "../../../src/db/migrate.ts";
import { databaseNamed } from "../../../test/helpers/databaseName.ts";
import { until } from "../../../test/helpers/until.ts";
import { freePort } from "../../harness/part.ts";
import { startNpm } from "../../harness/program.ts";
import { type Rpc, rpc } from "../../harness/rpc.ts";
import { fill, type Size } from "./installation.ts";

/** `npm run server` over a database of its own on that server: an installation of that size. */
export type Edge = { url: string; admin: Rpc; connection: Connection; stop: () => Promise<void> };

const TOKEN = "wp_admin_of_the_benchmark_0123456789";
const START_SECONDS = 60;

export async function startEdge(serverUrl: string, folder: string, size: Size): Promise<Edge> {
  const name = `dashboard_${size.machines}`;
  const server = connect(serverUrl, { max: 1 });
  await server.db.execute(sql`create database ${sql.identifier(name)}`);
  await server.close();
  const databaseUrl = databaseNamed(serverUrl, name);
  await migrate(databaseUrl);
  const connection = connect(databaseUrl, { max: 2 });
  await fill(connection.db, size);
  const port = await freePort();
  const program = await startNpm(
    ["run", "--silent", "server"],
    {
      DATABASE_URL: databaseUrl,
      PORT: String(port),
      WARMPOOL_ADMIN_TOKEN: TOKEN,
      // There is nothing to sweep, and what it would find wrong is not what is measured.
      WARMPOOL_SWEEP_SECONDS: "0",
    },
    join(folder, `${name}.log`),
  );
  const url = `http://127.0.0.1:${port}`;
  await until("the edge to answer", async () => (await fetch(`${url}/healthz`)).status > 0, {
    seconds: START_SECONDS,
    everyMs: 100,
  });
  return {
    url,
    admin: rpc(url, TOKEN),
    connection,
    stop: async () => {
      process.kill(program.pid, "SIGTERM");
      await Promise.race([program.ended, delay(10_000)]);
      await connection.close();
    },
  };
}
