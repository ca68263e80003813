import { networkInterfaces } from "node:os";
import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { connect, rows } from "../../src/db/client.ts";
import { directLink } from "../../src/db/directLink.ts";
import { migrate } from "../../src/db/migrate.ts";
import { testDb } from "../helpers/db.ts";
import { movingAddress } from "../helpers/movingAddress.ts";

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === "::1"),
);

test.skipIf(!hasIpv6)(
  "a database at [::1] is reached by the migrator, and with and without a direct link",
  async () => {
    await using t = await testDb();
    const { username, password, port, pathname } = new URL(t.url);
    await using address = await movingAddress(Number(port), "::1");
    const url = `postgres://${username}:${password}@[::1]:${address.port}${pathname}`;
    await migrate(url);
    for (const options of [{}, { link: directLink(url) }]) {
      const connection = connect(url, options);
      try {
        expect(await rows(connection.db, sql`select 1 as n`)).toEqual([{ n: 1 }]);
      } finally {
        await connection.close();
      }
    }
  },
);
