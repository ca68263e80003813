import type { Driver } from "../../../src/relay/driver.ts";
import { serve } from "../../../src/relay/drivers/exec/serve.ts";
import { localDriver } from "../../../src/relay/drivers/local/driver.ts";

/** A driver program: real local machines on a node where somebody has set a limit to how many there may be. */
function limited(driver: Driver, machines: number): Driver {
  return {
    ...driver,
    capacity: async (signal) => {
      const inventory = await driver.capacity(signal);
      const standing = inventory.machines?.map((machine) => ({ ...machine, limited: true }));
      return {
        ...inventory,
        ...(standing === undefined ? {} : { machines: standing }),
        limits: { machines },
      };
    },
  };
}

await serve((owner, env) =>
  limited(
    localDriver({ ...owner, root: env["WARMPOOL_TEST_MACHINES"] ?? "", hide: [] }),
    Number(env["WARMPOOL_TEST_MACHINES_AT_MOST"]),
  ),
);
