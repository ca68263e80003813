import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { INSTALLED, namedPlace } from "../../src/relay/drivers/incus/place.ts";
import { chooseDriver, saidOf } from "../../src/stack/driver.ts";
import { madeBy, openFolder } from "../../src/stack/folder.ts";
import { LOCAL } from "../helpers/madeLocal.ts";
import { deadline } from "../helpers/patience.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";

/** Which driver `npm start` takes, and where in Incus. With a real one: test/stack/stack.incus.ts. */
const NOWHERE = { socket: "/nowhere/unix.socket", env: {} };
const ON_INCUS = { ...LOCAL, driver: "incus" as const };
const soon = () => deadline(10);

test("auto takes local where Incus does not answer, and says why", async () => {
  const chosen = await chooseDriver("auto", null, soon(), NOWHERE);
  expect(chosen.driver).toBe("local");
  const said = saidOf(chosen, false);
  expect(said).toEqual([
    "Driver: local (Incus is not running: there is no /nowhere/unix.socket)",
    "Without root a machine is a folder, not an isolated system",
  ]);
  expect(saidOf(chosen, true)).toEqual(said.slice(0, 1));
});

test("why it is not Incus fits 80 columns, with a socket's path as long as Debian's", async () => {
  const socket = INSTALLED.socket.replaceAll(/[a-z]/g, "x");
  const chosen = await chooseDriver("auto", null, soon(), { socket, env: {} });
  expect(saidOf(chosen, false).filter((line) => line.length > 80)).toEqual([]);
});

test("incus where it does not answer is refused with what to do", async () => {
  const refused = chooseDriver("incus", null, soon(), NOWHERE);
  await expect(refused).rejects.toThrow(/install-incus\.sh.*--driver local/);
});

test("a state folder keeps the driver that it was begun with", async () => {
  expect(await chooseDriver("auto", LOCAL, soon(), NOWHERE)).toMatchObject({ driver: "local" });
  await expect(chooseDriver("incus", LOCAL, soon(), NOWHERE)).rejects.toThrow("--state-dir");
  await expect(chooseDriver("local", ON_INCUS, soon(), NOWHERE)).rejects.toThrow("--state-dir");
});

test("a later start on Incus: what is missing for new machines is said, and hinders nothing", async () => {
  const chosen = await chooseDriver("auto", ON_INCUS, soon(), NOWHERE);
  // Never quietly the other driver: the machines would be left where they are.
  expect(chosen).toMatchObject({ driver: "incus", incus: ON_INCUS.incus });
  expect(saidOf(chosen, true)).toEqual([
    "Driver: incus (project warmpool)",
    "No machine can be created now: Incus is not running: there is no /nowhere/unix.socket. " +
      "Existing machines keep working. To set it up, run scripts/install-incus.sh and then scripts/build-image.sh as root.",
  ]);
});

test("a later start on Incus: the image of the first pool is not looked for", async () => {
  await using incus = await incusWithout(/images/);
  const { missing } = await chooseDriver("auto", ON_INCUS, soon(), { socket: incus.socket, env: {} });
  expect(missing).toBeNull();
});

test("a first start on Incus: the image is looked for, under the name that the scripts were given", async () => {
  await using incus = await incusWithout(/images/);
  const env = { WARMPOOL_IMAGE: "mine", WARMPOOL_INCUS_PROJECT: "team" };
  const refused = chooseDriver("incus", null, soon(), { socket: incus.socket, env });
  await expect(refused).rejects.toThrow(/has no image mine\. scripts\/build-image\.sh/);
  expect(incus.asked.at(-1)).toBe("/1.0/images/aliases/mine?project=team");
});

test("a first start on Incus: project, storage pool, profile and image are those of the install scripts", async () => {
  await using incus = await incusWithout(/nothing/);
  const env = {
    WARMPOOL_INCUS_PROJECT: "team",
    WARMPOOL_INCUS_POOL: "fast",
    WARMPOOL_INCUS_PROFILE: "wide",
    WARMPOOL_IMAGE: "mine",
  };
  const chosen = await chooseDriver("auto", null, soon(), { socket: incus.socket, env });
  const wanted = { project: "team", storagePool: "fast", profile: "wide", image: "mine" };
  expect(chosen).toMatchObject({ driver: "incus", incus: wanted });
  await using folder = await temporaryFolder();
  const path = join(folder.path, "state");
  openFolder(path, chosen);
  expect(madeBy(path)).toEqual({ driver: "incus", incus: wanted });
});

test("a later start in another place is refused by the variable's name; an empty variable names none", async () => {
  const elsewhere = { ...NOWHERE, env: { WARMPOOL_INCUS_PROJECT: "team" } };
  await expect(chooseDriver("auto", ON_INCUS, soon(), elsewhere)).rejects.toThrow(
    /WARMPOOL_INCUS_PROJECT=warmpool, and now it is team/,
  );
  expect(namedPlace({ WARMPOOL_INCUS_PROJECT: "" })).toEqual({});
});

test("the driver is kept from the first opening on, and looking for it makes nothing", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "state");
  expect(madeBy(path)).toBeNull();
  expect(readdirSync(folder.path)).toEqual([]);
  mkdirSync(path);
  openFolder(path, ON_INCUS);
  expect(madeBy(path)).toEqual(ON_INCUS);
  expect(openFolder(path, LOCAL).memory().driver).toBe("incus");
});

test("a folder of an earlier version, which kept no place, is in the one that was then", async () => {
  await using folder = await temporaryFolder();
  const old = { adminToken: "a", secretKey: "b", appToken: null, databasePort: null, pausedPools: [] };
  writeFileSync(join(folder.path, "stack.json"), JSON.stringify({ ...old, driver: "incus" }));
  expect(madeBy(folder.path)).toEqual(ON_INCUS);
});

/** An Incus that has all but what `absent` matches. */
async function incusWithout(absent: RegExp) {
  const folder = await temporaryFolder();
  const socket = join(folder.path, "unix.socket");
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    const isThere = !absent.test(path);
    response.writeHead(isThere ? 200 : 404, { "content-type": "application/json" });
    response.end(
      JSON.stringify(
        isThere
          ? { type: "sync", status: "Success", status_code: 200, metadata: {} }
          : { type: "error", error: "not found", error_code: 404 },
      ),
    );
  });
  server.listen(socket);
  await once(server, "listening");
  return {
    socket,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}
