import { INSTALLED } from "../../src/relay/drivers/incus/place.ts";
import type { Made } from "../../src/stack/folder.ts";

const { project, storagePool, profile, image } = INSTALLED;

/** What a state folder keeps of the driver local, which uses nothing of the place in Incus. */
export const LOCAL: Made = { driver: "local", incus: { project, storagePool, profile, image } };
