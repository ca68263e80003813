import { describe, expect, test } from "vitest";
import { sql } from "drizzle-orm";
import { rows } from "../../src/db/client.ts";
import { createClient } from "../../src/client/index.ts";
import { putRecipe } from "../../src/domain/recipes/recipes.ts";
import { issueToken } from "../../src/domain/access/tokens.ts";
import { testDb } from "../helpers/db.ts";
import { ADMIN, KEY_A, makeWorld, NODE, RECIPE } from "../helpers/world.ts";
import { call } from "./call.ts";
import { ADMIN_TOKEN, RUNTIMES, startEdge } from "./edges.ts";
import { SAMPLES } from "./samples.ts";

const PLANTED = "planted-51ce-secret";

describe.each(RUNTIMES)("secret parameters on %s", (runtime) => {
  test("the edge seals them with its own key, opens them for the lease alone, and logs nothing of them", async () => {
    await using t = await testDb();
    const relay = await makeWorld(t.db, { targetSize: 1, maxSize: 1 });
    await putRecipe(t.db, { ...RECIPE, params: { license: { secret: true } } }, ADMIN);
    await relay.workOff();
    const node = await issueToken(t.db, { role: "node", name: NODE, node: NODE });
    await using edge = await startEdge(runtime, t.url);
    const app = createClient({ url: edge.url, token: ADMIN_TOKEN });

    const asked = { username: "alice", sshKeys: [KEY_A], params: { license: PLANTED } };
    const answer = await app.tester.assign.mutate(asked);
    expect(JSON.stringify(answer)).not.toContain(PLANTED);
    const [row] = await rows<{ text: string; sealed: string[] }>(
      t.db,
      sql`select to_jsonb(a)::text as text, (select json_agg(name) from jsonb_object_keys(secrets) as name) as sealed from assignments a`,
    );
    expect(row?.sealed).toEqual(["license"]);
    expect(row?.text).not.toContain(PLANTED);

    const lease = { ...SAMPLES["relay.lease"], session: relay.session };
    const leased = await call(edge.url, node.token, "relay.lease", lease);
    expect(JSON.parse(leased.text)).toMatchObject({
      result: { data: { operations: [{ kind: "setup", assignment: { secrets: { license: PLANTED } } }] } },
    });
    expect(edge.logs()).not.toContain(PLANTED);
  });
});
