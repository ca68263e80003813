import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { z } from "zod";
import { exchange } from "../../../../src/relay/drivers/incus/socket.ts";
import { findInstance, pathOf } from "../../../../src/relay/drivers/incus/look.ts";
import { ended } from "../../../../src/relay/drivers/incus/operation.ts";
import { incusDriver } from "../../../../src/relay/drivers/incus/driver.ts";
import { whyNotReady } from "../../../../src/relay/drivers/incus/readiness.ts";
import { request, soon } from "../conformance.ts";
import { incusUnderTest } from "./machines.ts";
import type { IncusUnderTest } from "./machines.ts";
import { INSTALLED } from "../../../../src/relay/drivers/incus/place.ts";

/** What is whose, and when a machine may be called gone. */

test("an instance that a person made in the project is neither shown nor touched", async () => {
  await using under = await incusUnderTest();
  const wanted = await request();
  await using theirs = await unmarkedInstance(under, wanted.name);
  expect(await under.driver.get(theirs.name, soon())).toBeNull();
  expect(await under.driver.list(soon())).toMatchObject({ complete: true, machines: [] });
  await under.driver.stop(wanted.name, soon());
  await under.driver.delete(wanted.name, soon());
  await expect(under.driver.start(wanted.name, soon())).rejects.toMatchObject({ code: "failed" });
  await expect(under.driver.create(wanted, soon())).rejects.toMatchObject({
    code: "failed",
    message: expect.stringContaining("does not belong to this node"),
  });
  expect(await findInstance(under.incus, wanted.name, soon())).toMatchObject({ name: wanted.name });
});

test("the same installation's other node does not see a machine", async () => {
  await using under = await incusUnderTest();
  const wanted = await request();
  await under.leaveHalfMade(wanted);
  const sibling = incusDriver({ ...under.options, node: "n2" });
  expect(await sibling.list(soon())).toMatchObject({ complete: true, machines: [] });
  await sibling.delete(wanted.name, soon());
  expect(await under.driver.get(wanted.name, soon())).toMatchObject({ name: wanted.name });
});

test("a disk of ours without an instance is shown as a machine in state unknown, and delete does not call it gone", async () => {
  await using under = await incusUnderTest();
  const { name } = await request();
  await using disk = await diskAlone(under, name);
  expect(await under.driver.get(name, soon())).toMatchObject({ name, state: "unknown" });
  const listing = await under.driver.list(soon());
  expect(listing).toMatchObject({
    complete: true,
    storageProof: "volumes",
    machines: [{ name, state: "unknown" }],
  });
  await expect(under.driver.delete(name, soon())).rejects.toMatchObject({
    code: "failed",
    message: expect.stringContaining("A disk of"),
  });
  const foreign = await under.foreign();
  expect(await foreign.get(name, soon())).toBeNull();
  expect(await foreign.list(soon())).toMatchObject({ machines: [] });
  await disk.remove();
  expect(await under.driver.get(name, soon())).toBeNull();
});

test("a disk that a crash left without its instance: what docs/incus.md says removes it, and it counts as gone", async () => {
  await using under = await incusUnderTest();
  const wanted = await request();
  const { name } = await under.driver.create(wanted, soon());
  await under.driver.stop(name, soon());
  await sql(`DELETE FROM instances WHERE name = '${name}'`);
  await expect(under.driver.delete(name, soon())).rejects.toThrow(
    /docs\/incus\.md, "A disk without an instance"/,
  );
  await follow(name);
  expect(await under.driver.get(name, soon())).toBeNull();
  expect(await under.driver.list(soon())).toMatchObject({ machines: [] });
  expect(existsSync(`/var/lib/incus/storage-pools/warmpool/containers/warmpool_${name}`)).toBe(false);
});

test.each([
  ["project", { project: "warmpool-no-such" }],
  ["storage pool", { storagePool: "warmpool-no-such" }],
])("without its %s the driver says that it could not ask, not that nothing is there", async (what, wrong) => {
  const driver = incusDriver({ ...INSTALLED, installation: "i", node: "n1", ...wrong });
  const said = { code: "failed", message: expect.stringContaining("install-incus.sh") };
  await expect(driver.list(soon())).rejects.toMatchObject(said);
  await expect(driver.get("demo-1", soon())).rejects.toMatchObject(said);
  await expect(driver.delete("demo-1", soon())).rejects.toMatchObject(said);
  expect(await whyNotReady({ ...INSTALLED, ...wrong }, soon())).toMatchObject({
    what: `Incus has no ${what} warmpool-no-such`,
  });
});

test("where everything is there, nothing stands in the way of a first create", async () => {
  expect(await whyNotReady(INSTALLED, soon())).toBeNull();
});

/** Does what the page says, with this machine's name in it. */
async function follow(name: string): Promise<void> {
  const page = await readFile(new URL("../../../../docs/incus.md", import.meta.url), "utf8");
  const [, commands = ""] = /## A disk without an instance\n[\s\S]*?```sh\n([\s\S]*?)```/.exec(page) ?? [];
  expect(commands).toContain("name=demo-7-1a2b\n");
  const ran = promisify(execFile)("sh", ["-ec", commands.replace("demo-7-1a2b", name)], { signal: soon() });
  ran.child.stdin?.end();
  await ran;
}

async function unmarkedInstance(
  { incus }: IncusUnderTest,
  name: string,
): Promise<AsyncDisposable & { name: string }> {
  const body = { name, type: "container", source: { type: "none" }, profiles: [INSTALLED.profile] };
  await ended(incus, await incus.change("POST", "/1.0/instances", body), 60, soon());
  return {
    name,
    async [Symbol.asyncDispose]() {
      await ended(incus, await incus.change("DELETE", pathOf(name)), 60, soon());
    },
  };
}

/** The record of a disk without one of an instance, as a crash between the two leaves it, put into Incus's database. */
async function diskAlone(
  { options }: IncusUnderTest,
  name: string,
): Promise<AsyncDisposable & { remove(): Promise<void> }> {
  const remove = () => sql(`DELETE FROM storage_volumes WHERE name = '${name}'`);
  await sql(
    `INSERT INTO storage_volumes (name, storage_pool_id, node_id, type, description, project_id, content_type)
     SELECT '${name}', storage_pools.id, 1, 0, '', projects.id, 0 FROM storage_pools, projects
     WHERE storage_pools.name = '${INSTALLED.storagePool}' AND projects.name = '${INSTALLED.project}'`,
  );
  for (const [key, value] of Object.entries({ installation: options.installation, node: options.node })) {
    await sql(
      `INSERT INTO storage_volumes_config (storage_volume_id, key, value)
       SELECT id, 'user.warmpool.${key}', '${value}' FROM storage_volumes WHERE name = '${name}'`,
    );
  }
  return { remove, [Symbol.asyncDispose]: remove };
}

const sqlAnswer = z.object({ type: z.literal("sync") });

async function sql(query: string): Promise<void> {
  const { body } = await exchange({
    socket: INSTALLED.socket,
    method: "POST",
    path: "/internal/sql",
    body: { database: "global", query },
    timeoutSeconds: 60,
    signal: soon(),
  });
  sqlAnswer.parse(JSON.parse(body.toString()));
}
