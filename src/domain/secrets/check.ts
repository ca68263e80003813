import { sql } from "drizzle-orm";
import type { InstallationCheck } from "../../contract/installation.ts";
import { type Db, rows } from "../../db/client.ts";
import { type Marks, openSecrets } from "./params.ts";
import { keyIds, NO_SECRET_KEYS, type Sealed, type SecretKeys } from "./keys.ts";
import { isNotRemoved } from "../core/live.ts";
import { specText } from "../core/spec.ts";

/** Whether this edge's keys can decrypt all stored values. Every value is decrypted and discarded. */
export async function checkSealed(db: Db, keys: SecretKeys): Promise<InstallationCheck["secrets"]> {
  const [first, ...others] = await keyIds(keys);
  const [pools, live] = await Promise.all([poolsWithSecrets(db), liveWithSecrets(db)]);
  let [unreadable, older, unknowable] = [0, 0, 0];
  for (const { id, secrets, marks } of live) {
    const used = [...Object.values(secrets), ...Object.values(marks)].map(({ key }) => key);
    if ("unreadable" in (await openSecrets(keys, id, secrets))) unreadable += 1;
    else if (used.some((key) => key !== first && !others.includes(key))) unknowable += 1;
    else if (used.some((key) => key !== first)) older += 1;
  }
  return {
    keys: "keys" in keys ? keys.keys.length : 0,
    problem: "problem" in keys && keys !== NO_SECRET_KEYS ? keys.problem : null,
    pools,
    assignments: live.length,
    unreadable,
    older,
    unknowable,
  };
}

type Live = { id: string; secrets: Record<string, Sealed>; marks: Marks };

function liveWithSecrets(db: Db): Promise<Live[]> {
  return rows<Live>(
    db,
    sql`select a.id, a.secrets, a.secret_marks as marks from testers t join assignments a on a.id = t.assignment
      where a.secret_marks <> '{}' or a.secrets <> '{}'`,
  );
}

async function poolsWithSecrets(db: Db): Promise<string[]> {
  const found = await rows<{ name: string }>(
    db,
    sql`select p.name from pools p
      join lateral (select content from recipes where recipes.name = ${specText("recipe")} order by put_at desc limit 1) r on true
      where ${isNotRemoved(sql`p`)}
        and exists (select 1 from jsonb_each(r.content -> 'params') as param where param.value -> 'secret' = 'true')
      order by p.name`,
  );
  return found.map(({ name }) => name);
}
