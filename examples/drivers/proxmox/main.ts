import { serve } from "../../../src/relay/drivers/exec/serve.ts";
import { settings } from "./api.ts";
import { proxmoxDriver } from "./proxmox.ts";

/** Virtual machines of Proxmox VE behind the contract of docs/drivers.md. */
await serve((owner, env) => proxmoxDriver(owner, settings.parse(env)));
