import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { inventory } from "../../../src/contract/node.ts";
import type { CreateRequest, Driver } from "../../../src/relay/driver.ts";
import { makeKeyPair } from "../../../src/relay/hostKey.ts";
import { until } from "../../helpers/until.ts";
import { login } from "./login.ts";
import { freePort, isFree } from "./ports.ts";

/**
 * What every driver must do, whatever it makes its machines of. A driver's test gives this a way to make one that
 * stands alone (nothing in it, nothing shared) and that takes all it made with it when disposed of.
 */
export type DriverUnderTest = AsyncDisposable & {
  driver: Driver;
  /** The same node's driver, as a relay that starts again makes it. */
  again(): Promise<Driver>;
  /** The driver of another installation, on the same host and in the same place. */
  foreign(): Promise<Driver>;
  /** Leaves behind what a relay killed in the middle of this create would. */
  leaveHalfMade(request: CreateRequest): Promise<void>;
  /** Stops the machine from running without ending it. */
  freeze(name: string): Promise<void>;
};

/** Seconds; what a slow host may take, not what a driver should. */
const CALL_SECONDS = 60;
const key = makeKeyPair("conformance");

export async function request(name = `wp-${randomBytes(4).toString("hex")}`): Promise<CreateRequest> {
  return {
    name,
    shape: { vcpus: 1, memoryMib: 256, diskGib: 1 },
    image: "conformance",
    instanceType: "container",
    authorizedKeys: [key.publicKey],
    hostKey: makeKeyPair(name),
    port: await freePort(),
    httpPort: await freePort(),
  };
}

export const soon = () => AbortSignal.timeout(CALL_SECONDS * 1000);

/** As the relay does after a create: a login that works is what says the machine is up. */
export function rootLogin(machine: { ssh: { host: string; port: number } }) {
  return until("a login as root", () => login(machine.ssh, "root", key), { seconds: CALL_SECONDS });
}

export function driverConformance(name: string, make: () => Promise<DriverUnderTest>): void {
  describe(`driver ${name}`, { timeout: 4 * CALL_SECONDS * 1000 }, () => {
    test("a created machine opens to the given key and shows the given host key", async () => {
      await using under = await make();
      const wanted = await request();
      const machine = await under.driver.create(wanted, soon());
      expect(machine.name).toBe(wanted.name);
      using root = await rootLogin(machine);
      expect(root.hostKey).toBe(wanted.hostKey.publicKey.split(" ")[1]);
      expect(await root.exec("exit 3")).toMatchObject({ code: 3 });
      const stranger = login(machine.ssh, "root", makeKeyPair("stranger"));
      await expect(stranger).rejects.toThrow(/authentication methods failed/);
    });

    test("get and list show it, to this relay and to one that starts later", async () => {
      await using under = await make();
      const machine = await under.driver.create(await request(), soon());
      for (const driver of [under.driver, await under.again()]) {
        expect(await driver.get(machine.name, soon())).toEqual({ ...machine, state: "running" });
        const listing = await driver.list(soon());
        expect(listing.complete).toBe(true);
        expect(listing.machines.map((one) => one.name)).toEqual([machine.name]);
      }
    });

    test("a second create of the name is `exists`, and harms the first machine in no way", async () => {
      await using under = await make();
      const wanted = await request();
      const machine = await under.driver.create(wanted, soon());
      const second = under.driver.create({ ...wanted, hostKey: makeKeyPair("other") }, soon());
      await expect(second).rejects.toMatchObject({ code: "exists" });
      using root = await rootLogin(machine);
      expect(root.hostKey).toBe(wanted.hostKey.publicKey.split(" ")[1]);
    });

    test("what was never there: get is null, stop and delete are no error", async () => {
      await using under = await make();
      expect(await under.driver.get("wp-never", soon())).toBeNull();
      await under.driver.stop("wp-never", soon());
      await under.driver.delete("wp-never", soon());
      await expect(under.driver.start("wp-never", soon())).rejects.toMatchObject({ code: "failed" });
      expect(await under.driver.list(soon())).toMatchObject({ complete: true, machines: [] });
    });

    test("stopped and started again it has its data and its host key", async () => {
      await using under = await make();
      const machine = await under.driver.create(await request(), soon());
      let hostKey: string;
      {
        using root = await rootLogin(machine);
        hostKey = root.hostKey;
        await root.exec("echo kept > ~/mark && sync");
      }
      await under.driver.stop(machine.name, soon());
      await under.driver.stop(machine.name, soon());
      expect(await under.driver.get(machine.name, soon())).toMatchObject({ state: "stopped" });
      expect(await isFree(machine.ssh.port)).toBe(true);
      await under.driver.start(machine.name, soon());
      await under.driver.start(machine.name, soon());
      using root = await rootLogin(machine);
      expect(root.hostKey).toBe(hostKey);
      expect(await root.exec("cat ~/mark")).toMatchObject({ stdout: "kept\n" });
    });

    test("deleted it is gone from get and list, and its port is free; deleting again is no error", async () => {
      await using under = await make();
      const kept = await under.driver.create(await request(), soon());
      const machine = await under.driver.create(await request(), soon());
      await under.driver.delete(machine.name, soon());
      await under.driver.delete(machine.name, soon());
      expect(await under.driver.get(machine.name, soon())).toBeNull();
      const listing = await under.driver.list(soon());
      expect(listing.machines.map((one) => one.name)).toEqual([kept.name]);
      expect(await isFree(machine.ssh.port)).toBe(true);
      using root = await rootLogin(kept);
      expect(await root.exec("echo here")).toMatchObject({ stdout: "here\n" });
    });

    test("two deletes at once both end well", async () => {
      await using under = await make();
      const machine = await under.driver.create(await request(), soon());
      const other = await under.again();
      await Promise.all([under.driver, other].map((driver) => driver.delete(machine.name, soon())));
      expect(await under.driver.get(machine.name, soon())).toBeNull();
    });

    test("what a killed create leaves is listed and can be deleted", async () => {
      await using under = await make();
      const wanted = await request();
      await under.leaveHalfMade(wanted);
      expect(await under.driver.get(wanted.name, soon())).toMatchObject({ name: wanted.name });
      const listing = await under.driver.list(soon());
      expect(listing.machines.map((one) => one.name)).toEqual([wanted.name]);
      await under.driver.delete(wanted.name, soon());
      expect(await under.driver.get(wanted.name, soon())).toBeNull();
      expect(await under.driver.list(soon())).toMatchObject({ complete: true, machines: [] });
    });

    test("a frozen machine can be deleted", async () => {
      await using under = await make();
      const machine = await under.driver.create(await request(), soon());
      await under.freeze(machine.name);
      await under.driver.delete(machine.name, soon());
      expect(await under.driver.get(machine.name, soon())).toBeNull();
      expect(await isFree(machine.ssh.port)).toBe(true);
    });

    test("a machine of another installation is neither shown nor touched", async () => {
      await using under = await make();
      const wanted = await request();
      const machine = await under.driver.create(wanted, soon());
      const foreign = await under.foreign();
      expect(await foreign.get(machine.name, soon())).toBeNull();
      expect(await foreign.list(soon())).toMatchObject({ complete: true, machines: [] });
      await foreign.stop(machine.name, soon());
      await foreign.delete(machine.name, soon());
      const taken = foreign.create({ ...wanted, port: await freePort(), httpPort: await freePort() }, soon());
      await expect(taken).rejects.toMatchObject({ code: "failed" });
      expect(await foreign.list(soon())).toMatchObject({ machines: [] });
      using root = await rootLogin(machine);
      expect(await root.exec("echo here")).toMatchObject({ stdout: "here\n" });
    });

    test("a call whose signal is aborted is refused and does nothing", async () => {
      await using under = await make();
      const machine = await under.driver.create(await request(), soon());
      const late = AbortSignal.abort(new Error("no longer wanted"));
      const refused = [
        under.driver.create(await request(), late),
        under.driver.get(machine.name, late),
        under.driver.list(late),
        under.driver.start(machine.name, late),
        under.driver.stop(machine.name, late),
        under.driver.delete(machine.name, late),
      ];
      for (const call of refused) await expect(call).rejects.toThrow("no longer wanted");
      const listing = await under.driver.list(soon());
      expect(listing.machines.map((one) => one.name)).toEqual([machine.name]);
      using root = await rootLogin(machine);
      expect(await root.exec("echo here")).toMatchObject({ stdout: "here\n" });
    });

    test("a create aborted on its way has ended when it returns, and what it left can be deleted", async () => {
      await using under = await make();
      const wanted = await request();
      const abort = new AbortController();
      const creating = under.driver.create(wanted, abort.signal);
      const refused = expect(creating).rejects.toThrow("changed our mind");
      await until("a trace of the machine", () => under.driver.get(wanted.name, soon()), { everyMs: 1 });
      abort.abort(new Error("changed our mind"));
      await refused;
      expect((await under.driver.get(wanted.name, soon()))?.state).not.toBe("running");
      await under.driver.delete(wanted.name, soon());
      expect(await under.driver.list(soon())).toMatchObject({ complete: true, machines: [] });
    });

    test("capacity is what an inventory may be, with room for what is there", async () => {
      await using under = await make();
      const seen = inventory.parse(await under.driver.capacity(soon()));
      expect(seen.cpus).toBeGreaterThan(0);
      expect(seen.memoryMib.total).toBeGreaterThanOrEqual(seen.memoryMib.available);
      expect(seen.memoryMib.reserve).toBeGreaterThanOrEqual(seen.memoryMib.total / 10);
      expect(seen.disks.length).toBeGreaterThan(0);
    });

    test("evidence is text of 64 KiB at most, and holds no private key", async () => {
      await using under = await make();
      const machine = await under.driver.create(await request(), soon());
      const evidence = await under.driver.evidence(machine.name, soon());
      const text = Object.values(evidence).join("\n");
      expect(text.length).toBeGreaterThan(0);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(64 * 1024);
      expect(text).not.toContain("PRIVATE KEY");
    });
  });
}
