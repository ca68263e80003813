import { fromDrivers } from "./fromDrivers.ts";
import { fromMachines } from "./fromMachines.ts";
import { fromPeople } from "./fromPeople.ts";
import { overSockets } from "./overSockets.ts";
import type { Parser } from "./parser.ts";

/** Every parser that meets foreign bytes beside the API, which is asked over HTTP (../classes.ts). */
export const PARSERS: readonly Parser[] = [...fromDrivers, ...fromMachines, ...fromPeople, ...overSockets];
