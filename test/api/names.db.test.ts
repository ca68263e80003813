import { expect, test } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { testDb } from "../helpers/db.ts";
import { KEY_A, makeWorld, RECIPE, setUpOf } from "../helpers/world.ts";
import { ADMIN_TOKEN, startEdge } from "./edges.ts";

/** What every object inherits: as names that a caller sends they are names like any others. */
const NAMES = Object.getOwnPropertyNames(Object.prototype).filter((name) => name !== "__proto__");

test("parameters, secrets and outputs of any name go all the way, and none is taken for another", async () => {
  await using t = await testDb();
  const relay = await makeWorld(t.db, { targetSize: 0, maxSize: 100 });
  await using edge = await startEdge("node", t.url);
  const api = createClient({ url: edge.url, token: ADMIN_TOKEN });
  const put = (params: Record<string, object>) => api.recipe.put.mutate({ ...RECIPE, params });
  const ask = (username: string, params?: Record<string, string>) =>
    api.tester.assign.mutate({ username, sshKeys: [KEY_A], ...(params === undefined ? {} : { params }) });

  for (const [at, name] of NAMES.entries()) {
    await put({});
    await expect(ask(`none_${at}`, { [name]: "x" }), name).rejects.toThrow(/has no such parameter/);
    await put({ [name]: { required: true } });
    await expect(ask(`none_${at}`), name).rejects.toThrow(/is required/);
  }
  await put({ ...Object.fromEntries(NAMES.map((name) => [name, { pattern: "[a-z0-9]+" }])) });
  await ask("without");
  await ask("with", Object.fromEntries(NAMES.map((name, at) => [name, `p${at}`])));
  await put(Object.fromEntries(NAMES.map((name) => [name, { secret: true }])));
  await ask("secret", Object.fromEntries(NAMES.map((name, at) => [name, `s${at}`])));
  // Asked again, they are compared.
  await ask("with", Object.fromEntries(NAMES.map((name, at) => [name, `p${at}`])));
  await expect(ask("with", { [NAMES[0] ?? ""]: "other" })).rejects.toMatchObject({
    data: { code: "CONFLICT" },
  });

  for (let round = 0; round < 9; round += 1) {
    for (const operation of await relay.lease()) {
      if (operation.kind === "create") {
        await relay.pinHostKey(operation);
        const { port, name } = operation.machine;
        const here = { host: "127.0.0.1", port };
        await relay.finish(operation, {
          ...{ outcome: "created", driver: "x", driverRef: name, access: here },
          ...here,
        });
      }
      if (operation.kind !== "setup") continue;
      const { username, params, secrets } = operation.assignment;
      const values = (letter: string) =>
        Object.fromEntries(NAMES.map((name, at) => [name, `${letter}${at}`]));
      expect(params).toEqual(username === "with" ? values("p") : {});
      expect(secrets).toEqual(username === "secret" ? values("s") : {});
      await relay.finish(operation, setUpOf(username, [KEY_A], values("o")));
    }
  }
  const assignment = await api.tester.status.query({ username: "with" });
  expect(assignment.outputs).toEqual(Object.fromEntries(NAMES.map((name, at) => [name, `o${at}`])));
});

test("addresses, queries and bodies of such names are refused in words", async () => {
  await using t = await testDb();
  await makeWorld(t.db);
  await using edge = await startEdge("node", t.url);
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" };
  for (const name of [...NAMES, "__proto__"]) {
    const get = (path: string) => fetch(`${edge.url}${path}`, { headers });
    const post = (path: string, body: string) =>
      fetch(`${edge.url}${path}`, { method: "POST", headers, body });
    const odd = `{"name": "r", "steps": [], "${name}": {}}`;
    const answers = await Promise.all([
      get(`/trpc/${name}`),
      get(`/trpc/pool.${name}`),
      get(`/admin/v1/${name}`),
      get(`/admin/v1/machines?${name}=1`),
      post("/trpc/recipe.put", odd),
      post(
        "/trpc/tester.assign",
        `{"username": "a", "sshKeys": ["${name} AAAA"], "params": {"${name}": "x"}}`,
      ),
    ]);
    const statuses = answers.map(({ status }) => status);
    expect(statuses, name).toEqual([404, 404, 404, 400, 400, 400]);
  }
  expect(edge.logs()).not.toContain("request failed");
});
