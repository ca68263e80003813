import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { CASES } from "../../../src/relay/conformance/cases.ts";
import { freePort, isFree } from "../../../src/relay/conformance/ports.ts";
import { subjectOf } from "../../../src/relay/conformance/subject.ts";
import type { CreateRequest, Driver } from "../../../src/relay/driver.ts";
import { makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { isNight, oneIn } from "../../helpers/nightly.ts";
import { deadline } from "../../helpers/patience.ts";
import { until } from "../../helpers/until.ts";
import { login } from "./login.ts";

/**
 * What every driver must do, whatever it makes its machines of: the cases of src/relay/conformance, and what only a
 * driver in this process shows. A driver's test gives this a way to make one that stands alone (nothing in it, nothing
 * shared) and that takes all it made with it when disposed of.
 */
export type DriverUnderTest = AsyncDisposable & {
  driver: Driver;
  owner: { installation: string; node: string };
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
const KIND = {
  shape: { vcpus: 1, memoryMib: 256, diskGib: 1 },
  image: "conformance",
  instanceType: "container",
} as const;
const key = makeKeyPair("conformance");

export async function request(name = `wp-${randomBytes(4).toString("hex")}`): Promise<CreateRequest> {
  return {
    ...KIND,
    name,
    authorizedKeys: [key.publicKey],
    hostKey: makeKeyPair(name),
    port: await freePort(),
    httpPort: await freePort(),
  };
}

export const soon = () => deadline(CALL_SECONDS);

/** As the relay does after a create: a login that works is what says the machine is up. */
export function rootLogin(machine: { ssh: { host: string; port: number } }) {
  return until("a login as root", () => login(machine.ssh, "root", key), { seconds: CALL_SECONDS });
}

/** @param everyNth by day only each n-th of the shared cases, and none of the others; at night all of them */
export function driverConformance(name: string, make: () => Promise<DriverUnderTest>, everyNth = 1): void {
  describe(`driver ${name}`, () => {
    const cases = oneIn(everyNth, CASES).map((one) => [one.title, one] as const);
    test.each(cases)("%s", async (_, one) => {
      await using under = await make();
      const { driver } = under;
      const drivers = { ...under, abrupt: driver };
      const settings = { ...KIND, callSeconds: CALL_SECONDS, bootSeconds: CALL_SECONDS };
      await one.run(subjectOf(drivers, settings, new AbortController().signal));
    });
  });

  if (everyNth > 1 && !isNight) return;
  describe(`driver ${name}, in this process`, () => {
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

    test("a name that another installation has taken is a failure, and no machine that exists", async () => {
      await using under = await make();
      const wanted = await request();
      await under.driver.create(wanted, soon());
      const theirs = await under.foreign();
      const taken = theirs.create({ ...wanted, port: await freePort(), httpPort: await freePort() }, soon());
      await expect(taken).rejects.toMatchObject({ code: "failed" });
    });

    test("a tenth of the memory at least is kept back, and evidence is 64 KiB at most", async () => {
      await using under = await make();
      const { memoryMib } = await under.driver.capacity(soon());
      expect(memoryMib.reserve).toBeGreaterThanOrEqual(memoryMib.total / 10);
      const machine = await under.driver.create(await request(), soon());
      const text = Object.values(await under.driver.evidence(machine.name, soon())).join("\n");
      expect(text.length).toBeGreaterThan(0);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(64 * 1024);
    });
  });
}
