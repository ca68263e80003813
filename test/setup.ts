import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import type { TestProject } from "vitest/node";
import { connect, rows } from "../src/db/client.ts";
import { migrate } from "../src/db/migrate.ts";
import { startPostgres } from "../src/stack/postgres.ts";
import { databaseNamed, templateName } from "./helpers/databaseName.ts";

/**
 * Once per run, however many test projects ask for it: a Postgres server in a temporary folder, or the one
 * WARMPOOL_TEST_DATABASE_URL names (any version from 15 on; the user must be allowed to create databases), and in it
 * the migrated template that every test's own database is cloned from. A run in which a test failed leaves its
 * server's folder for a look; one that is killed leaves nothing (leash.ts).
 */
declare module "vitest" {
  interface ProvidedContext {
    /** The server, as a URL to its maintenance database. */
    serverUrl: string;
    template: string;
  }
}

/** Each project loads this file anew, so what they share is kept by the process and not by the module. */
type Shared = { server: Promise<TemplateServer> | null; users: number; hasFailed: boolean };
const shared = ((process as { warmpoolTests?: Shared }).warmpoolTests ??= {
  server: null,
  users: 0,
  hasFailed: false,
});

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  shared.users += 1;
  const server = await (shared.server ??= templateServer());
  project.provide("serverUrl", server.url);
  project.provide("template", server.template);
  project.onTestsRerun(() => {
    shared.hasFailed = false;
  });
  return async () => {
    shared.hasFailed ||= project.vitest.state.getCountOfFailedTests() > 0;
    shared.users -= 1;
    if (shared.users > 0) return;
    shared.server = null;
    await server.stop(shared.hasFailed);
  };
}

type TemplateServer = TestServer & { template: string };

async function templateServer(): Promise<TemplateServer> {
  const server = await testServer();
  const template = templateName();
  const admin = connect(server.url, { max: 1 });
  await admin.db.execute(sql`create database ${sql.identifier(template)}`);
  await migrate(databaseNamed(server.url, template));
  return {
    url: server.url,
    isOwn: server.isOwn,
    template,
    async stop(keep) {
      if (server.isOwn) {
        await admin.close();
        return server.stop(keep);
      }
      // And those that were made from it (furnishedTemplate in helpers/db.ts).
      const made = await rows<{ datname: string }>(
        admin.db,
        sql`select datname from pg_database where starts_with(datname, ${template})`,
      );
      for (const { datname } of made)
        await admin.db.execute(sql`drop database ${sql.identifier(datname)} with (force)`);
      await admin.close();
      await server.stop(keep);
    },
  };
}

/** `isOwn`: it ends with the run, and all its databases with it. */
type TestServer = { url: string; isOwn: boolean; stop(keep: boolean): Promise<void> };

async function testServer(): Promise<TestServer> {
  const given = process.env["WARMPOOL_TEST_DATABASE_URL"];
  if (given !== undefined && given !== "") return { url: given, isOwn: false, stop: async () => undefined };
  const folder = await mkdtemp(join(tmpdir(), "warmpool-test-postgres-"));
  // Where user namespaces are not allowed Postgres runs as nobody, and must be able to pass.
  await chmod(folder, 0o711);
  const server = await startPostgres({ folder, keep: "throwaway" });
  return {
    url: server.url,
    isOwn: true,
    async stop(keep) {
      await server[Symbol.asyncDispose]();
      if (keep)
        console.error(`Databases of failed tests are kept; to open them: node test/openKept.ts ${folder}`);
      else await rm(folder, { recursive: true, force: true });
    },
  };
}
