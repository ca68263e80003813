import { serve } from "../../../src/relay/drivers/exec/serve.ts";
import { localDriver } from "../../../src/relay/drivers/local/driver.ts";

/** The driver `local` behind the contract of docs/drivers.md. */
await serve((owner, env) =>
  localDriver({ ...owner, root: env["WARMPOOL_LOCAL_MACHINES"] ?? "/var/tmp/warmpool-local", hide: [] }),
);
