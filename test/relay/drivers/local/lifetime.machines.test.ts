import { once } from "node:events";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { until } from "../../../helpers/until.ts";
import { request, rootLogin, soon } from "../conformance.ts";
import { dieInCreate, localUnderTest, runHere } from "./machines.ts";
import type { DeathPoint } from "./machines.ts";
import { oneIn, isNight } from "../../../helpers/nightly.ts";

/** What ends a machine and what does not, and what is left where something ended too soon. */
const isRoot = process.geteuid?.() === 0;

describe("a machine lives", () => {
  test("on when the relay that made it is killed, and is found by the next one", async () => {
    await using under = await localUnderTest();
    const wanted = await request();
    await dieInCreate({ options: under.options, request: wanted, at: "done" });
    const machine = await under.driver.get(wanted.name, soon());
    expect(machine).toMatchObject({ state: "running", ssh: { port: wanted.port } });
    if (machine === null) return;
    using root = await rootLogin(machine);
    expect(await root.exec("echo here")).toMatchObject({ stdout: "here\n" });
  });

  test("exactly as long as its SSH server, and can then be started again", async () => {
    await using under = await localUnderTest();
    const machine = await under.driver.create(await request(), soon());
    const { pid } = under.processes(machine.name).at(-1) ?? { pid: 0 };
    process.kill(pid, "SIGKILL");
    const state = async () => (await under.driver.get(machine.name, soon()))?.state;
    await until("the machine to end", async () => (await state()) === "stopped");
    await under.driver.start(machine.name, soon());
    expect(await state()).toBe("running");
    using root = await rootLogin(machine);
    expect(await root.exec("true")).toMatchObject({ code: 0 });
  });

  test.runIf(isRoot)("only whole: whichever of its processes is killed, all in it end", async () => {
    await using under = await localUnderTest();
    const machine = await under.driver.create(await request(), soon());
    for (const index of under.processes(machine.name).keys()) {
      await under.driver.start(machine.name, soon());
      {
        using root = await rootLogin(machine);
        await root.exec("setsid sleep 1000 </dev/null >/dev/null 2>&1 &");
      }
      const victim = under.processes(machine.name)[index];
      process.kill(victim?.pid ?? 0, "SIGKILL");
      await until("all of it to end", () => under.processes(machine.name).length === 0);
    }
  });
});

describe("what a create killed on its way leaves", () => {
  test.each(oneIn(2, ["port", "mark", "hostKey", "authorizedKeys"] as DeathPoint[]))(
    "at %s can be deleted",
    async (at) => {
      await using under = await localUnderTest();
      const wanted = await request();
      await dieInCreate({ options: under.options, request: wanted, at });
      expect(await under.driver.list(soon())).toMatchObject({ complete: true });
      expect(under.processes(wanted.name)).toEqual([]);
      expect(await under.driver.evidence(wanted.name, soon())).toMatchObject({ processes: "none" });
      await under.driver.delete(wanted.name, soon());
      expect(await under.driver.list(soon())).toMatchObject({ complete: true, machines: [] });
      await under.driver.create(wanted, soon());
    },
  );

  test("in mid boot is listed, and can be deleted", async () => {
    await using under = await localUnderTest();
    const wanted = await request();
    const child = runHere("dieInCreate.ts");
    const ended = once(child, "exit");
    child.stdin.end(JSON.stringify({ options: under.options, request: wanted, at: "done" }));
    await until("the first process of the machine", () => under.processes(wanted.name).length > 0, {
      everyMs: 1,
    });
    child.kill("SIGKILL");
    await ended;
    expect((await under.driver.list(soon())).machines.map(({ name }) => name)).toEqual([wanted.name]);
    await under.driver.delete(wanted.name, soon());
    expect(under.processes(wanted.name)).toEqual([]);
    expect(await under.driver.list(soon())).toMatchObject({ complete: true, machines: [] });
  });
});

describe("what stands in the way is named", () => {
  test.runIf(isNight)("a port that somebody else has", async () => {
    await using under = await localUnderTest();
    const wanted = await request();
    const server = createServer().listen(wanted.httpPort, "127.0.0.1");
    try {
      await once(server, "listening");
      await expect(under.driver.create(wanted, soon())).rejects.toMatchObject({
        code: "failed",
        message: expect.stringContaining(`Port ${wanted.httpPort} on 127.0.0.1`) as string,
      });
      expect(under.processes(wanted.name)).toEqual([]);
    } finally {
      await new Promise((closed) => server.close(closed));
    }
  });

  test("a server that does not start, by its console", async () => {
    await using under = await localUnderTest();
    const wanted = await request();
    const broken = { ...wanted, hostKey: { ...wanted.hostKey, privateKey: "no key at all" } };
    const message = /did not start: it exited with code 1\. Its console: [^]*Cannot parse privateKey/;
    await expect(under.driver.create(broken, soon())).rejects.toMatchObject({
      code: "failed",
      message: expect.stringMatching(message) as string,
    });
    expect(under.processes(wanted.name)).toEqual([]);
    expect(await under.driver.get(wanted.name, soon())).toMatchObject({ state: "stopped" });
  });

  test("a damaged mark: no listing rather than one that may not be whole", async () => {
    await using under = await localUnderTest();
    const folder = join(under.options.root, "wp-damaged");
    mkdirSync(folder);
    writeFileSync(join(folder, "machine.json"), '{"installation":');
    await expect(under.driver.list(soon())).rejects.toThrow(/machine\.json is corrupt/);
    rmSync(folder, { recursive: true });
    expect(await under.driver.list(soon())).toMatchObject({ complete: true, machines: [] });
  });

  test("a folder of machines that has gone away is not an empty one", async () => {
    await using under = await localUnderTest();
    const away = `${under.options.root}-away`;
    renameSync(under.options.root, away);
    try {
      await expect(under.driver.list(soon())).rejects.toThrow(/is not accessible/);
      await expect(under.driver.get("wp-1", soon())).rejects.toThrow(/is not accessible/);
    } finally {
      renameSync(away, under.options.root);
    }
  });
});

test("a machine without its folder is listed by its processes, and deleted", async () => {
  await using under = await localUnderTest();
  const machine = await under.driver.create(await request(), soon());
  rmSync(join(under.options.root, machine.name), { recursive: true });
  const { machines } = await under.driver.list(soon());
  expect(machines).toEqual([{ ...machine, state: "unknown" }]);
  await under.driver.delete(machine.name, soon());
  expect(under.processes(machine.name)).toEqual([]);
  expect(await under.driver.get(machine.name, soon())).toBeNull();
});

test("a name that is no host name is refused before anything is made", async () => {
  await using under = await localUnderTest();
  for (const name of ["../up", "", ".hidden", "Upper", "a".repeat(64)]) {
    const create = under.driver.create({ ...(await request()), name }, soon());
    await expect(create).rejects.toThrow(/is not a valid name of a local machine/);
    await expect(under.driver.delete(name, soon())).rejects.toThrow(/is not a valid name of a local machine/);
  }
});
