import { randomBytes } from "node:crypto";
import type { HostKey } from "../../contract/machine.ts";
import type { CreateRequest, Driver } from "../driver.ts";
import { makeHostKey, makeKeyPair } from "../ssh/hostKey.ts";
import { within } from "../time/pause.ts";
import { freePort } from "./ports.ts";

/** The driver that a case looks at, for an installation that has no machine yet. */
export type Drivers = {
  driver: Driver;
  /** Whose machines `driver` makes. */
  owner: { installation: string; node: string };
  /** The same node's driver, as a relay that starts again makes it. */
  again(): Promise<Driver>;
  /** The driver of another installation, on the same host and in the same place. */
  foreign(): Promise<Driver>;
  /** The same node's driver, whose calls die as hard as they can where their signal is aborted. */
  abrupt: Driver;
};

/** What machines to make, and how long to wait: seconds of a call, and from a create until a login works. */
export type Settings = Pick<CreateRequest, "shape" | "image" | "instanceType"> & {
  callSeconds: number;
  bootSeconds: number;
};

export type Wanted = { request: CreateRequest; pinned: HostKey };

export type Subject = Drivers & {
  settings: Settings;
  /** Aborted when nobody wants to know any more. */
  signal: AbortSignal;
  /** The private key that opens root on every machine made here. */
  privateKey: string;
  /** A machine to ask for, of a name and with ports that nobody has. */
  wanted(): Promise<Wanted>;
  /** Every name that was asked for. */
  names: string[];
  /** The deadline of a call that begins now. */
  soon(): AbortSignal;
};

export function subjectOf(drivers: Drivers, settings: Settings, signal: AbortSignal): Subject {
  const key = makeKeyPair("conformance");
  const names: string[] = [];
  const { shape, image, instanceType } = settings;
  return {
    ...drivers,
    settings,
    signal,
    privateKey: key.privateKey,
    names,
    soon: () => within(settings.callSeconds, signal),
    async wanted() {
      const name = `wp-check-${randomBytes(4).toString("hex")}`;
      names.push(name);
      const { pair, pinned } = makeHostKey(name);
      const [port, httpPort] = [await freePort(), await freePort()];
      const authorizedKeys = [key.publicKey];
      return {
        request: { name, shape, image, instanceType, authorizedKeys, hostKey: pair, port, httpPort },
        pinned,
      };
    },
  };
}
