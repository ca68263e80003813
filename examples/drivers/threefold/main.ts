import { serve } from "../../../src/relay/drivers/exec/serve.ts";
import { readSettings } from "./settings.ts";
import { gridDriver } from "./threefold.ts";

/** Virtual machines of the ThreeFold Grid behind the contract of docs/drivers.md. */
await serve((owner, env) => gridDriver(owner, readSettings(env)));
