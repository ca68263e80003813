import { sql } from "drizzle-orm";
import { poolSpec } from "../../src/contract/pool.ts";
import { connect } from "../../src/db/client.ts";
import { assign } from "../../src/domain/assignments/assign.ts";
import { bySweep } from "../../src/domain/core/change.ts";
import { putPool } from "../../src/domain/pools/pools.ts";
import { ADMIN, APP, KEY_A, makeWorld, specOf } from "../../test/helpers/world.ts";
import { type Bench, compare } from "./comparison.ts";

const PAIRS = 60;
const SMALL = 100;
const LARGE = 4000;

/** What an assign on a warm pool costs, and that it does not depend on how many machines there are. */
export const claim: Bench = async (databaseUrl) => {
  const connection = connect(databaseUrl, { max: 2 });
  try {
    await makeWorld(connection.db, { name: "small" });
    await putPool(connection.db, poolSpec.parse(specOf({ name: "large" })), ADMIN);
    await fill("small", SMALL, 1);
    await fill("large", LARGE, 2);
    const ask = (pool: string, username: string) =>
      assign(connection, { username, sshKeys: [KEY_A], pool }, APP, bySweep);
    return [
      await compare(
        `assign on a pool of ${LARGE} ready machines (A) against one of ${SMALL} (B)`,
        PAIRS,
        (n) => ask("large", `t${n}`),
        (n) => ask("small", `t${n}`),
      ),
      await compare(
        "the first assign of a tester (A) against asking again (B)",
        PAIRS,
        (n) => ask("large", `u${n}`),
        (n) => ask("large", `u${n}`),
      ),
    ];
  } finally {
    await connection.close();
  }

  /** Ready rows with no machine behind them: the claim only reads rows. */
  async function fill(pool: string, count: number, block: number): Promise<void> {
    await connection.db.execute(sql`
      insert into machines (name, pool, node, state, port, http_port, machine_spec, shape, ready_at, host_key, dial_host, dial_port,
        access_host, access_port)
      select ${pool} || '-' || n, ${pool}, 'n1', 'ready', ${block}::int * 100000 + n, ${block}::int * 100000 + 50000 + n,
        p.machine_spec, p.spec -> 'shape', now(), '{}', '127.0.0.1', 22, '127.0.0.1', 22
      from generate_series(1, ${count}::int) n, pools p where p.name = ${pool}`);
    await connection.db.execute(sql`analyze machines`);
  }
};
