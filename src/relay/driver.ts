import type { Endpoint, HostKey } from "../contract/machine.ts";
import type { Inventory } from "../contract/node.ts";
import type { PoolSpec } from "../contract/pool.ts";

/**
 * Whose machine it is, and which: written by the driver at the create, and read back from the hypervisor. A copy that a
 * person makes has the mark of its original, and so the name of another machine in it.
 */
export type Mark = { installation: string; node: string; machine: string };

/**
 * What a relay asks of whatever makes machines. One conformance suite holds every driver to it.
 * Invariants: only machines with this installation's mark are ever touched or listed; every call ends by
 * itself within its deadline and honours `signal`; a call may be repeated at any time with the same outcome.
 */
export type Driver = {
  readonly name: string;
  /** How long the relay waits for each call, in seconds. A create is bound by its pool's `bootTimeoutSeconds` instead. */
  readonly callSeconds: CallSeconds;
  /**
   * A command that ends with 0 on a machine whose first boot is over, where that goes on after SSH has answered: until
   * then its services, SSH among them, may restart. It ends with 1 where that boot has failed for good; with anything
   * else it is asked again.
   */
  readonly bootedCommand?: string;
  version(): Promise<string>;
  /**
   * Makes a machine and starts it. Returns as soon as it exists: the relay then waits until it answers over SSH.
   * @throws DriverError `exists` where a machine of that name is there already, `no_capacity`, `retry` or `failed`.
   */
  create(request: CreateRequest, signal: AbortSignal): Promise<DriverMachine>;
  /** The machine of that name, or null where the driver is sure there is none. Throws where it could not ask. */
  get(name: string, signal: AbortSignal): Promise<DriverMachine | null>;
  /** Everything of this installation, half-made and half-deleted machines included. Throws where it could not ask. */
  list(signal: AbortSignal): Promise<DriverListing>;
  start(name: string, signal: AbortSignal): Promise<void>;
  /** Ends the machine at once, its data stays. What is not there or is stopped already is no error. */
  stop(name: string, signal: AbortSignal): Promise<void>;
  /** Removes the machine and its disks. What is not there is no error. */
  delete(name: string, signal: AbortSignal): Promise<void>;
  /**
   * Puts the mark on a machine that somebody else has made, for good or (`plan`) only asks whether that can be; nothing
   * else of the machine is changed. Left out where the driver cannot.
   * @throws DriverError `failed` where there is no such machine, or it carries a mark already.
   */
  mark?: (request: MarkRequest, signal: AbortSignal) => Promise<DriverMachine>;
  /** Takes off what `mark` has written. A machine that is not there or that was made here is left as it is. */
  unmark?: (name: string, signal: AbortSignal) => Promise<void>;
  capacity(signal: AbortSignal): Promise<Inventory>;
  /** Text that helps a person see why a machine never became ready (console tail, …), by name; 64 KiB at most. */
  evidence(name: string, signal: AbortSignal): Promise<Record<string, string>>;
};

export type CallSeconds = Record<
  "get" | "list" | "start" | "stop" | "delete" | "mark" | "unmark" | "capacity",
  number
>;

/** What is long for a hypervisor on the node itself. */
export const CALL_SECONDS: CallSeconds = {
  get: 30,
  list: 30,
  start: 120,
  stop: 60,
  delete: 120,
  mark: 30,
  unmark: 30,
  capacity: 30,
};

export type CreateRequest = {
  name: string;
  /** The mark that the machine must carry from its first moment. Left out: the driver's owner, and the name. */
  mark?: Mark;
  shape: PoolSpec["shape"];
  image: string;
  instanceType: PoolSpec["instanceType"];
  /** Keys that open root's account from the first boot on: the relay's and the admins'. */
  authorizedKeys: string[];
  /** OpenSSH private key text (ed25519) that the machine must use as its only host key, and its public line. */
  hostKey: { privateKey: string; publicKey: string };
  /** Loopback ports allotted to this machine alone: for SSH, and for what its tester opens in a browser. */
  port: number;
  httpPort: number;
};

export type MarkRequest = {
  name: string;
  /** As for `CreateRequest`. */
  mark?: Mark;
  /** Where the machine answers: `ssh` of what the driver says of it from now on, and `access`. */
  ssh: Endpoint;
  access: Endpoint;
  /** What answered there presented it. A driver that can look into the machine refuses where that one has another. */
  hostKey: HostKey;
  plan: boolean;
};

export type DriverMachine = {
  name: string;
  /** How the driver itself calls it. */
  ref: string;
  state: "running" | "stopped" | "unknown";
  /** As the hypervisor has it; left out where it names no machine, as from before marks did. */
  mark?: Mark;
  /** True where something that no copy inherits, such as the hypervisor's own id, is not what it was at the create. */
  copied?: boolean;
  /** Where the relay dials, and where the tester does. */
  ssh: Endpoint;
  access: Endpoint;
};

export type DriverListing = {
  /** True only where the listing is known to show everything. */
  complete: boolean;
  machines: DriverMachine[];
  /** Machines with the mark of another, and of which: nobody's here (onlyOwn.ts). */
  copies?: { name: string; of: string }[];
  /** `volumes` where disks without a machine are listed too (as machines in state unknown). */
  storageProof: "volumes" | "none";
};

/** Why a driver could not do it: decides whether the relay asks again. */
export class DriverError extends Error {
  readonly code: "exists" | "no_capacity" | "retry" | "failed";
  /** What a driver program printed about it, which is part of the message too; null if that is not where it is from. */
  readonly said: string | null;
  constructor(
    code: DriverError["code"],
    message: string,
    options: ErrorOptions & { said?: string | null } = {},
  ) {
    super(message, options);
    this.name = "DriverError";
    this.code = code;
    this.said = options.said ?? null;
  }
}
