import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { INSTALLED } from "../../../../src/relay/drivers/incus/place.ts";
import { onlyOwn } from "../../../../src/relay/onlyOwn.ts";
import { request, soon } from "../conformance.ts";
import { type IncusUnderTest, incusUnderTest } from "./machines.ts";
import { atNight } from "../../../helpers/nightly.ts";

/** What an operator does with the Incus client to keep a machine: none of it is ever taken for Warmpool's own. */
const run = promisify(execFile);

const incus = (...args: string[]) =>
  run("incus", [...args, "--project", INSTALLED.project], { timeout: 120_000 });

/** A stopped machine of the node, and the driver as a relay uses it. */
async function stopped(under: IncusUnderTest) {
  const own = onlyOwn(under.driver, under.owner);
  const wanted = await request();
  const { name } = await own.create(wanted, soon());
  await own.stop(name, soon());
  return { own, name, other: (await request()).name };
}

test.each(
  atNight<[string, (name: string, other: string) => Promise<unknown>, boolean]>([
    ["incus rename", (name, other) => incus("rename", name, other), false],
    ["incus copy", (name, other) => incus("copy", name, other), true],
    ["incus export and import under another name", imported, true],
  ]),
)(
  "%s: what it makes is listed as a copy, neither shown nor touched, and the original stays what it is",
  async (_, act, stays) => {
    await using under = await incusUnderTest();
    const { own, name, other } = await stopped(under);
    await act(name, other);
    const listing = await own.list(soon());
    expect(listing.copies).toEqual([{ name: other, of: name }]);
    expect(listing.machines.map((machine) => machine.name)).toEqual(stays ? [name] : []);
    expect(await own.get(other, soon())).toBeNull();
    await own.stop(other, soon());
    await own.delete(other, soon());
    await expect(own.start(other, soon())).rejects.toMatchObject({ code: "failed" });
    const { machines } = await under.driver.capacity(soon());
    expect(machines?.find((machine) => machine.name === other)).toMatchObject({ ours: false });
    expect((await incus("list", "--format", "csv", "--columns", "n", other)).stdout.trim()).toBe(other);
    await own.delete(name, soon());
    expect((await own.list(soon())).machines).toEqual([]);
  },
);

test("a copy that gets its original's name when that one is gone: known by Incus's own id", async () => {
  await using under = await incusUnderTest();
  const { own, name, other } = await stopped(under);
  await incus("copy", name, other);
  await own.delete(name, soon());
  await incus("rename", other, name);
  expect(await own.get(name, soon())).toBeNull();
  expect((await own.list(soon())).copies).toEqual([{ name, of: name }]);
  await own.delete(name, soon());
  expect(await under.driver.get(name, soon())).toMatchObject({ name, copied: true });
});

test("a backup that is imported under its old name: the machine as it was, by its mark", async () => {
  await using under = await incusUnderTest();
  const { own, name } = await stopped(under);
  const folder = await mkdtemp(join(tmpdir(), "warmpool-backup-"));
  try {
    await incus("export", name, join(folder, "backup.tar"), "--compression", "none");
    await own.delete(name, soon());
    await incus("import", join(folder, "backup.tar"));
    // Only the edge knows that this one was proven gone, and whether a tester had it.
    expect(await own.get(name, soon())).toMatchObject({ name, mark: { ...under.owner, machine: name } });
  } finally {
    await rm(folder, { recursive: true });
  }
});

async function imported(name: string, other: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "warmpool-backup-"));
  try {
    await incus("export", name, join(folder, "backup.tar"), "--compression", "none");
    await incus("import", join(folder, "backup.tar"), other);
  } finally {
    await rm(folder, { recursive: true });
  }
}
