import { spawn } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { connect } from "../../src/db/client.ts";
import { startPostgres } from "../../src/stack/postgres.ts";
import { postgresAnswers } from "../../src/stack/postgresAnswer.ts";
import { clusterProcesses } from "../../src/stack/postmaster.ts";
import { readProcess } from "../../src/stack/processes.ts";
import { until } from "../helpers/until.ts";
import { isNight } from "../helpers/nightly.ts";

async function temporaryCluster() {
  const folder = await mkdtemp(join(tmpdir(), "warmpool-cluster-"));
  await chmod(folder, 0o711);
  const remove = () => rm(folder, { recursive: true, force: true });
  return { folder, keep: "throwaway", data: join(folder, "data"), [Symbol.asyncDispose]: remove } as const;
}

async function select(url: string, statement = sql`select 1 as one`) {
  const client = connect(url, { max: 1 });
  try {
    return [...(await client.db.execute(statement))];
  } finally {
    await client.close();
  }
}

test("makes a cluster, serves it in its own session, and leaves no process when disposed", async () => {
  await using cluster = await temporaryCluster();
  {
    await using server = await startPostgres(cluster);
    expect(await select(server.url)).toEqual([{ one: 1 }]);
    expect(readProcess(server.pid)).toMatchObject({ session: server.pid, group: server.pid });
    expect(await readFile(`/proc/${server.pid}/cmdline`, "utf8")).not.toContain(new URL(server.url).password);
  }
  expect(clusterProcesses(cluster.data)).toEqual([]);
});

test.runIf(isNight)("a wrong password is refused", async () => {
  await using cluster = await temporaryCluster();
  await using server = await startPostgres(cluster);
  const url = new URL(server.url);
  url.password = "wrong";
  await expect(select(url.href)).rejects.toThrow();
});

test.runIf(isNight)("the host's accounts are as before, and data survives a restart", async () => {
  await using cluster = await temporaryCluster();
  const before = await readFile("/etc/passwd", "utf8");
  {
    await using server = await startPostgres(cluster);
    await select(server.url, sql`create table kept as select 7 as n`);
  }
  await using server = await startPostgres(cluster);
  expect(await select(server.url, sql`select n from kept`)).toEqual([{ n: 7 }]);
  expect(await readFile("/etc/passwd", "utf8")).toBe(before);
});

test("starts again right after a killed postmaster, with a stopped backend left over", async () => {
  await using cluster = await temporaryCluster();
  const first = await startPostgres(cluster);
  const backends = clusterProcesses(cluster.data).filter(({ pid }) => pid !== first.pid);
  expect(backends.length).toBeGreaterThan(0);
  for (const { pid } of backends.slice(0, 2)) process.kill(pid, "SIGSTOP");
  process.kill(first.pid, "SIGKILL");
  await using again = await startPostgres(cluster);
  expect(await select(again.url)).toEqual([{ one: 1 }]);
  const left = clusterProcesses(cluster.data).map(({ pid }) => pid);
  for (const { pid } of backends) expect(left).not.toContain(pid);
});

test.runIf(isNight)("ends a postmaster whose parent is gone instead of starting a second one", async () => {
  await using cluster = await temporaryCluster();
  const orphan = await startPostgres(cluster);
  await using server = await startPostgres(cluster);
  expect(readProcess(orphan.pid)?.state ?? "gone").toMatch(/Z|gone/);
  expect(await select(server.url)).toEqual([{ one: 1 }]);
});

test.runIf(isNight)("a postmaster.pid that names somebody else's process does not stop it", async () => {
  await using cluster = await temporaryCluster();
  await (await startPostgres(cluster))[Symbol.asyncDispose]();
  const somebody = spawn("sleep", ["60"], { stdio: "ignore" });
  try {
    await writeFile(join(cluster.data, "postmaster.pid"), `${somebody.pid}\n${cluster.data}\n`, {
      mode: 0o600,
    });
    await using server = await startPostgres(cluster);
    expect(await select(server.url)).toEqual([{ one: 1 }]);
    expect(somebody.exitCode).toBeNull();
  } finally {
    somebody.kill("SIGKILL");
  }
});

test.runIf(isNight)("a stopped server counts as silent, one that goes on answers again", async () => {
  await using cluster = await temporaryCluster();
  await using server = await startPostgres(cluster);
  process.kill(server.pid, "SIGSTOP");
  expect(await postgresAnswers(server.port, 0.3)).toBe(false);
  process.kill(server.pid, "SIGCONT");
  await until("Postgres to answer again", () => postgresAnswers(server.port, 1));
});
