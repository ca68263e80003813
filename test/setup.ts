import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import type { TestProject } from "vitest/node";
import { connect } from "../src/db/client.ts";
import { migrate } from "../src/db/migrate.ts";
import { startPostgres } from "../src/stack/postgres.ts";
import { databaseNamed, templateName } from "./helpers/databaseName.ts";

/**
 * Once per run: a Postgres server in a temporary folder, or the one WARMPOOL_TEST_DATABASE_URL names (any version
 * from 15 on; the user must be allowed to create databases), and in it the migrated template that every test's own
 * database is cloned from. A run in which a test failed leaves its server's folder for a look.
 */
declare module "vitest" {
  interface ProvidedContext {
    /** The server, as a URL to its maintenance database. */
    serverUrl: string;
    template: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await testServer();
  const template = templateName();
  const templateUrl = databaseNamed(server.url, template);
  const admin = connect(server.url, { max: 1 });
  await admin.db.execute(sql`create database ${sql.identifier(template)}`);
  await migrate(templateUrl);
  project.provide("serverUrl", server.url);
  project.provide("template", template);
  let hasFailed = false;
  project.onTestsRerun(() => {
    hasFailed = false;
  });
  return async () => {
    hasFailed ||= project.vitest.state.getCountOfFailedTests() > 0;
    await admin.db.execute(sql`drop database ${sql.identifier(template)} with (force)`);
    await admin.close();
    await server.stop(hasFailed);
  };
}

type TestServer = { url: string; stop(keep: boolean): Promise<void> };

async function testServer(): Promise<TestServer> {
  const given = process.env["WARMPOOL_TEST_DATABASE_URL"];
  if (given !== undefined && given !== "") return { url: given, stop: async () => undefined };
  const folder = await mkdtemp(join(tmpdir(), "warmpool-test-postgres-"));
  // Where user namespaces are not allowed Postgres runs as nobody, and must be able to pass.
  await chmod(folder, 0o711);
  const server = await startPostgres({ folder, keep: "throwaway" });
  const release = guard(server.pid, folder);
  return {
    url: server.url,
    async stop(keep) {
      await server[Symbol.asyncDispose]();
      release();
      if (keep)
        console.error(`Databases of failed tests are kept; to open them: node test/openKept.ts ${folder}`);
      else await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Takes the server down when this run is killed: then nobody says `done`, and the pipe just ends. */
function guard(pid: number, folder: string): () => void {
  const script = `read -r done && exit; kill -QUIT "$1"; while kill -0 "$1"; do sleep 0.1; done; rm -rf "$2"`;
  const child = spawn("/bin/sh", ["-c", script, "sh", String(pid), folder], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  child.unref();
  return () => child.stdin.end("done\n");
}
