import { sql } from "drizzle-orm";
import type { InstallationCheck } from "../../contract/installation.ts";
import { NOT_MIGRATED } from "../../contract/schema.ts";
import { type Db, iso, rows } from "../../db/client.ts";
import { WarmpoolError } from "../core/errors.ts";
import { isOnline } from "../core/nodeSilence.ts";
import { checkSealed } from "../secrets/check.ts";
import type { SecretKeys } from "../secrets/keys.ts";
import type { Caller } from "../access/tokens.ts";
import { isLiveNode } from "../core/live.ts";

/** The edge's view of itself and its database, for diagnosis. */
export async function checkInstallation(
  db: Db,
  { role, name }: Caller,
  keys: SecretKeys,
): Promise<InstallationCheck> {
  const [[facts], [migrations], secrets, nodes] = await Promise.all([
    rows<{ installation: string; now: string; version: string }>(
      db,
      sql`select installation, ${iso(sql`clock_timestamp()`)} as now, current_setting('server_version') as version
        from settings`,
    ),
    rows<InstallationCheck["database"]["migrations"]>(
      db,
      sql`select count(*)::int as applied, max(created_at)::float8 as latest from drizzle.__drizzle_migrations`,
    ),
    checkSealed(db, keys),
    relays(db),
  ]);
  if (facts === undefined || migrations === undefined) throw new WarmpoolError("UNAVAILABLE", NOT_MIGRATED);
  return {
    installation: facts.installation,
    caller: { role, name },
    clocks: { edge: new Date().toISOString(), database: facts.now },
    database: { version: facts.version, migrations },
    secrets,
    nodes,
  };
}

/**
 * A listing carries the time at which its relay began it, and was stored after that. So a relay whose listing began
 * later than it was stored has a clock that is ahead. How far one is behind cannot be told from how long it took.
 */
function relays(db: Db): Promise<InstallationCheck["nodes"]> {
  return rows<InstallationCheck["nodes"][number]>(
    db,
    sql`select name, ssh_public_key as "sshPublicKey",
        case when ${isOnline(sql`nodes`)}
          then extract(epoch from (listing ->> 'startedAt')::timestamptz - last_probe_at)::float8 end as "clockAheadSeconds"
      from nodes where ${isLiveNode()} order by name`,
  );
}
