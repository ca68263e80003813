import type { Driver, DriverMachine } from "../../../src/relay/driver.ts";
import { serve } from "../../../src/relay/drivers/exec/serve.ts";

/**
 * A driver program: the machines are a real driver's. Where a detour is asked for the relay is sent to the same port of
 * another loopback address, where a proxy of the test's stands; testers go straight to the machine.
 */
const DETOUR = "127.0.0.2";

function detoured(driver: Driver): Driver {
  const away = (machine: DriverMachine): DriverMachine => ({
    ...machine,
    ssh: { ...machine.ssh, host: DETOUR },
  });
  return {
    ...driver,
    create: async (request, signal) => away(await driver.create(request, signal)),
    get: async (name, signal) => {
      const found = await driver.get(name, signal);
      return found === null ? null : away(found);
    },
    list: async (signal) => {
      const listing = await driver.list(signal);
      return { ...listing, machines: listing.machines.map(away) };
    },
  };
}

type Owner = { installation: string; node: string };

/** It is started for each call, and to load the driver that is not meant takes as much CPU as the call. */
async function chosen(env: NodeJS.ProcessEnv): Promise<(owner: Owner) => Driver> {
  if (env["WARMPOOL_TEST_DRIVER"] === "incus") {
    const { incusDriver } = await import("../../../src/relay/drivers/incus/driver.ts");
    const { INSTALLED } = await import("../../../src/relay/drivers/incus/place.ts");
    return (owner) => incusDriver({ ...INSTALLED, ...owner });
  }
  const { localDriver } = await import("../../../src/relay/drivers/local/driver.ts");
  return (owner) => localDriver({ ...owner, root: env["WARMPOOL_TEST_MACHINES"] ?? "", hide: [] });
}

const make = await chosen(process.env);
await serve((owner, env) => {
  const driver = make(owner);
  return env["WARMPOOL_TEST_DETOUR"] === "1" ? detoured(driver) : driver;
});
