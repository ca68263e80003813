import { serve } from "../../../src/relay/drivers/exec/serve.ts";
import { libvirtDriver } from "./libvirt.ts";
import { readSettings } from "./settings.ts";

/** Virtual machines of libvirt behind the contract of docs/drivers.md. */
await serve((owner, env) => libvirtDriver(owner, readSettings(env)));
