import { join } from "node:path";
import { DRIVER_OPTIONS, type DriverOptions, DRIVERS } from "../../contract/drivers.ts";
import { keysOf } from "../../contract/keysOf.ts";
import type { Driver } from "../driver.ts";
import { WrongUse } from "../errors.ts";
import { execDriver } from "./exec/driver.ts";
import { passedOn } from "./exec/passedOn.ts";
import { changedTimeouts } from "./exec/timeouts.ts";
import { incusDriver } from "./incus/driver.ts";
import { INSTALLED, namedPlace } from "./incus/place.ts";
import { localDriver } from "./local/driver.ts";

/** Where a driver finds itself: its owner's mark, and the relay's own folder. */
export type Site = { installation: string; node: string; dir: string };

/** @throws WrongUse that says what to give, where the options name no driver or leave out what it needs */
export function chooseDriver(options: DriverOptions, site: Site): { driver: Driver; banner: string } {
  const { installation, node, dir } = site;
  if (options.driver === undefined) {
    throw new WrongUse(
      "--driver is missing: choose what creates the machines of this node. One of: incus; exec, with --program FILE " +
        "(docs/drivers.md); local, for development only.",
    );
  }
  refuseForeign(options);
  switch (DRIVERS.find((known) => known === options.driver)) {
    case "local": {
      const root = options.machines ?? join(dir, "machines");
      const driver = localDriver({ installation, node, root, hide: [dir, ...(options.hide ?? [])] });
      return { driver, banner: driver.banner };
    }
    case "exec": {
      const { program } = options;
      if (program === undefined) {
        throw new WrongUse(
          "The driver exec needs --program, the path of the program that creates the machines.",
        );
      }
      const env = passedOn(options.pass ?? [], process.env);
      const timeouts = changedTimeouts(options.timeout ?? []);
      return {
        driver: execDriver({ installation, node, program, env, timeouts }),
        banner: `Machines are created by ${program}. Check it once with \`warmpool driver check ${program}\`.`,
      };
    }
    case "incus": {
      const { image, socket = INSTALLED.socket } = options;
      const named = { ...INSTALLED, ...namedPlace(process.env) };
      const place = {
        project: options.project ?? named.project,
        storagePool: options.storagePool ?? named.storagePool,
        profile: options.profile ?? named.profile,
        ...(image === undefined ? {} : { image }),
      };
      return {
        driver: incusDriver({ installation, node, socket, ...place }),
        banner: `Machines are created in Incus: project ${place.project}, storage pool ${place.storagePool}.`,
      };
    }
    case undefined:
      throw new WrongUse(`Unknown driver ${options.driver}; choose one of ${DRIVERS.join(", ")}.`);
  }
}

/** @throws WrongUse where an option is another driver's, which would be ignored without a word */
function refuseForeign(options: DriverOptions): void {
  for (const name of keysOf(DRIVER_OPTIONS)) {
    const { driver, flag } = DRIVER_OPTIONS[name];
    if (options[name] === undefined || driver === options.driver) continue;
    throw new WrongUse(
      `${flag} is an option of the driver ${driver}, but the driver is ${options.driver}. Remove one of them.`,
    );
  }
}
