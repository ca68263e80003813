import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { INSTALLED } from "../../src/relay/drivers/incus/place.ts";
import { chooseDriver, saidOf } from "../../src/stack/driver.ts";
import { driverOf, openFolder } from "../../src/stack/folder.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";

/** Which driver `npm start` takes. Where there is an Incus, test/stack/stack.incus.ts has the other half. */
const NOWHERE = { ...INSTALLED, socket: "/nowhere/unix.socket" };
const soon = () => AbortSignal.timeout(10_000);

test("auto takes local where Incus does not answer, and says why", async () => {
  const chosen = await chooseDriver("auto", null, soon(), NOWHERE);
  expect(chosen.driver).toBe("local");
  expect(saidOf(chosen)).toContain("Driver: local (Incus does not answer on /nowhere/unix.socket (ENOENT))");
});

test("incus where it does not answer is refused with what to do", async () => {
  const refused = chooseDriver("incus", null, soon(), NOWHERE);
  await expect(refused).rejects.toThrow(/install-incus\.sh.*--driver local/);
});

test("a state folder keeps the driver that it was begun with", async () => {
  expect(await chooseDriver("auto", "local", soon(), NOWHERE)).toMatchObject({ driver: "local" });
  await expect(chooseDriver("incus", "local", soon(), NOWHERE)).rejects.toThrow("--state-dir");
  await expect(chooseDriver("local", "incus", soon(), NOWHERE)).rejects.toThrow("--state-dir");
  // Never quietly the other one: its machines would be left where they are.
  await expect(chooseDriver("auto", "incus", soon(), NOWHERE)).rejects.toThrow("does not answer");
});

test("the driver is kept from the first opening on, and looking for it makes nothing", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "state");
  expect(driverOf(path)).toBeNull();
  expect(readdirSync(folder.path)).toEqual([]);
  mkdirSync(path);
  openFolder(path, "incus");
  expect(driverOf(path)).toBe("incus");
  expect(openFolder(path, "local").memory().driver).toBe("incus");
});
