import type { Clock } from "./time/clock.ts";
import type { Driver } from "./driver.ts";
import type { SshKeyPair } from "./ssh/hostKey.ts";
import type { HighestNumber } from "./session/identity.ts";
import type { LeasedOperation } from "../contract/relay.ts";
import type { Span } from "./span.ts";
import type { SshPool } from "./ssh/sshPool.ts";

/** What executors work with on this node. */
export type Tools = {
  driver: Driver;
  /** The relay's own key: it opens root on every machine. */
  key: SshKeyPair;
  highest: HighestNumber;
  /** Connections that probes keep alive from one to the next. */
  connections: SshPool;
  /** What deadlines and pauses are measured by. */
  clock: Clock;
  /** Begins the span of an operation; null for one that is not traced. Left out while there are no traces. */
  trace?: (operation: LeasedOperation) => Span | null;
  /** The span of the operation that they are used for. */
  span?: Span;
};
