import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { INSTALLED } from "../../src/relay/drivers/incus/place.ts";
import { chooseDriver, saidOf } from "../../src/stack/driver.ts";
import { driverOf, openFolder } from "../../src/stack/folder.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { deadline } from "../helpers/patience.ts";

/** Which driver `npm start` takes. Where there is an Incus, test/stack/stack.incus.ts has the other half. */
const NOWHERE = { ...INSTALLED, socket: "/nowhere/unix.socket" };
const soon = () => deadline(10);

test("auto takes local where Incus does not answer, and says why", async () => {
  const chosen = await chooseDriver("auto", null, soon(), NOWHERE);
  expect(chosen.driver).toBe("local");
  const said = saidOf(chosen, false);
  expect(said).toEqual([
    "Driver: local (Incus is not running: there is no /nowhere/unix.socket)",
    "Without root a machine is a folder, not a system of its own",
  ]);
  expect(saidOf(chosen, true)).toEqual(said.slice(0, 1));
});

test("why it is not Incus fits 80 columns, with a socket's path as long as Debian's", async () => {
  const socket = INSTALLED.socket.replaceAll(/[a-z]/g, "x");
  const chosen = await chooseDriver("auto", null, soon(), { ...INSTALLED, socket });
  expect(saidOf(chosen, false).filter((line) => line.length > 80)).toEqual([]);
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
  await expect(chooseDriver("auto", "incus", soon(), NOWHERE)).rejects.toThrow("Incus is not running");
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
