import type { Sql } from "postgres";
import { expect, test } from "vitest";
import { NamedStatements } from "../../src/db/named.ts";

/** The process that a server named when the connection began, and the ones that its statements ran in, in turn. */
function clientOf(named: number, ...ran: (number | Error)[]): Sql {
  const unsafe = async () => {
    const pid = ran.shift();
    if (pid instanceof Error) throw pid;
    return Object.assign([{ pid }], { state: { pid: named } });
  };
  return { unsafe, options: { prepare: false } } as unknown as Sql;
}

async function proven(client: Sql, statements = new NamedStatements()): Promise<boolean> {
  statements.prove(client);
  await new Promise((resolve) => setImmediate(resolve));
  return client.options.prepare;
}

test("statements get names only if they run in the process that the session began with", async () => {
  expect(await proven(clientOf(71, 71))).toBe(true);
  expect(await proven(clientOf(71, 72))).toBe(false);
  expect(await proven(clientOf(71, new Error("gone")))).toBe(false);
});

test("a pooler is asked once, a failed proof is tried again", async () => {
  const statements = new NamedStatements();
  const pooled = clientOf(71, 72, 71);
  expect(await proven(pooled, statements)).toBe(false);
  expect(await proven(pooled, statements)).toBe(false);
  const shaky = clientOf(71, new Error("gone"), 71);
  expect(await proven(shaky, statements)).toBe(false);
  expect(await proven(shaky, statements)).toBe(true);
});

test("after a connection has closed nothing has a name until it is proven again", async () => {
  const statements = new NamedStatements();
  const client = clientOf(71, 71, 72);
  expect(await proven(client, statements)).toBe(true);
  statements.forget(client);
  expect(client.options.prepare).toBe(false);
  expect(await proven(client, statements)).toBe(false);
});

test("a proof that a closed connection has overtaken proves nothing", async () => {
  const statements = new NamedStatements();
  const client = clientOf(71, 71);
  statements.prove(client);
  statements.forget(client);
  await new Promise((resolve) => setImmediate(resolve));
  expect(client.options.prepare).toBe(false);
});
