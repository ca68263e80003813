import { expect, test } from "vitest";
import { CALL_SECONDS, type Driver, type DriverMachine } from "../../src/relay/driver.ts";
import { onlyOwn } from "../../src/relay/onlyOwn.ts";

const OWNER = { installation: "i", node: "n1" };
const address = { host: "127.0.0.1", port: 20_000 };
const soon = () => AbortSignal.timeout(5000);

function machine(name: string, change: Partial<DriverMachine> = {}): DriverMachine {
  const mark = { ...OWNER, machine: name };
  return { name, ref: name, state: "running", mark, ssh: address, access: address, ...change };
}

/** A driver that shows these, and notes by name what it is told to change. */
function driverWith(...machines: DriverMachine[]): Driver & { told: string[] } {
  const told: string[] = [];
  const tell = (what: string) => async (name: string) => {
    told.push(`${what} ${name}`);
  };
  return {
    told,
    name: "stand-in",
    callSeconds: CALL_SECONDS,
    version: async () => "1",
    create: async ({ name, mark }) => machine(name, mark === undefined ? {} : { mark }),
    get: async (name) => machines.find((one) => one.name === name) ?? null,
    list: async () => ({ complete: true, machines, storageProof: "volumes" }),
    start: tell("start"),
    stop: tell("stop"),
    delete: tell("delete"),
    capacity: () => Promise.reject(new Error("nobody asks")),
    evidence: async () => ({}),
  };
}

test.each<[string, Partial<DriverMachine>, string]>([
  ["renamed or copied", { mark: { ...OWNER, machine: "demo-1" } }, "demo-1"],
  ["copied and given the name back", { copied: true }, "debug-copy"],
  [
    "with the mark of another node",
    { mark: { installation: "i", node: "n2", machine: "debug-copy" } },
    "debug-copy",
  ],
])("a machine that was %s: listed as a copy, and neither shown nor touched", async (_, change, of) => {
  const driver = driverWith(machine("demo-1"), machine("debug-copy", change));
  const own = onlyOwn(driver, OWNER);
  const listing = await own.list(soon());
  expect(listing.machines.map(({ name }) => name)).toEqual(["demo-1"]);
  expect(listing.copies).toEqual([{ name: "debug-copy", of }]);
  expect(await own.get("debug-copy", soon())).toBeNull();
  await own.stop("debug-copy", soon());
  await own.delete("debug-copy", soon());
  await expect(own.start("debug-copy", soon())).rejects.toMatchObject({ code: "failed" });
  expect(driver.told).toEqual([]);
});

test("a machine that its mark names, or whose mark names none: shown and touched", async () => {
  const { mark: _, ...unmarked } = machine("old-1");
  const driver = driverWith(machine("demo-1"), unmarked);
  const own = onlyOwn(driver, OWNER);
  expect((await own.list(soon())).machines).toHaveLength(2);
  for (const name of ["demo-1", "old-1"]) {
    expect(await own.get(name, soon())).toMatchObject({ name });
    await own.start(name, soon());
    await own.stop(name, soon());
    await own.delete(name, soon());
  }
  expect(driver.told).toHaveLength(6);
});

test("create: the driver is told the mark to write, and nothing else that the relay knows of itself", async () => {
  const identity = { ...OWNER, credential: "wp_node_secret" };
  const own = onlyOwn(driverWith(), identity);
  const made = await own.create(
    {
      name: "demo-7",
      shape: { vcpus: 1, memoryMib: 256, diskGib: 1 },
      image: "debian",
      instanceType: "container",
      authorizedKeys: [],
      hostKey: { privateKey: "", publicKey: "" },
      port: 20_000,
      httpPort: 20_001,
    },
    soon(),
  );
  expect(made.mark).toEqual({ installation: "i", node: "n1", machine: "demo-7" });
});
