/** The installation's fixed durations and limits. In seconds unless the name says otherwise. */
export const SETTINGS = {
  /** The lifetime of a lease, and how often a relay renews it. */
  leaseSeconds: 60,
  renewSeconds: 15,
  /**
   * A node that is not heard for so long is silent, if the operator has set nothing else for it: its machines cannot be
   * claimed. A relay speaks every 25 s at least, so that it may be missed three times, and testers do not wait for minutes.
   */
  silenceSeconds: 90,
  /** Two long polls of a relay: machines on nodes heard since then are claimed first. */
  heardLatelySeconds: 50,
  /** A relay starts a set-up within a second or two. After this time it moves to a node whose relay asks for work. */
  unbegunSeconds: 10,
  /** The most creates that one refill queues: each takes a statement under the locks of all nodes, which blocks others. A
   * larger pool fills in several refills; a node only creates a few at a time anyway. */
  mostQueuedAtOnce: 200,
  /**
   * Creates and deletes at a time on one node, if neither an operator nor its driver says otherwise: each reads an image
   * and writes a disk, and two keep a disk busy without making both twice as slow.
   */
  nodeConcurrency: 2,
  /** What a machine uses in addition to its shape, if the driver does not report it: MiB, GiB, virtual CPUs per real one. */
  overheads: {
    cpuOvercommit: 16,
    memoryMib: 128,
    bootMemoryMib: 256,
    diskGib: 0,
    virtualMachineDiskGib: 0,
    processes: 0,
  },
  /** An inventory older than this is not used for creates. */
  inventoryStaleSeconds: 300,
  /** A create on a node that refused the shape for lack of room is retried after this time even if nothing has changed. */
  saidFullSeconds: 3600,
  probeAttempts: 3,
  probeAttemptSeconds: 4,
  /** A suspect is rechecked after this time, then at growing intervals up to the second limit; after that by the sweeps. */
  recheckSeconds: 5,
  recheckUntilSeconds: 60,
  /** An orphan is torn down when two complete listings at least this far apart, about a sweep, show it. */
  orphanSightingSeconds: 55,
  /** How long a stopped orphan is kept by default: a day. */
  orphanKeepSeconds: 86_400,
  /** From this number of orphans on one node, none of them is torn down before a person allows it. */
  severalOrphans: 3,
  /** The most orphans of one node that are stored and shown. */
  mostOrphans: 200,
  /** How long a set-up tries to reach its machine before the machine is swapped. */
  connectBudgetSeconds: 10,
  /** A machine that is dead for longer during a set-up is not just restarting: its tester is notified. */
  standstillSeconds: 120,
  /** Changed keys of an active tester that are not on the machine after this time are reported. */
  keyChangeSeconds: 120,
  maxSwaps: 3,
  /** The kept part of a set-up's log on each machine: this many of its first and last bytes. */
  logHeadBytes: 1024 * 1024,
  logTailBytes: 1024 * 1024,
  /** How long an assignment can be made to last by extending it, where the operator has set nothing else: 30 days. */
  extendCeilingSeconds: 30 * 86_400,
  /** How long before its end the expiry of an assignment is announced: this share of its time, within these bounds, never more than half of it. */
  expiringShare: 0.1,
  expiringLeastSeconds: 120,
  expiringMostSeconds: 3600,
  /** How long an event is kept, a finished operation and the like, where the operator has set nothing else. */
  eventRetentionDays: 30,
  /** How long the samples of pools are kept for charts, where the operator has set nothing else. */
  historyRetentionDays: 30,
  /** No transaction that writes an event takes so long; until then an event may be overtaken by an earlier one. */
  eventSettleSeconds: 2,
  /** A delete that has been running for this long is stuck: a rollout no longer waits for it. */
  deleteStuckSeconds: 300,
  joinTokenSeconds: 3600,
  /** How long somebody stays signed in to the dashboard, and how long a link that signs in once works. */
  sessionSeconds: 12 * 3600,
  signInCodeSeconds: 600,
  /** The maximum lifetime of the link to a tester's page. */
  pageLinkSeconds: 30 * 86_400,
  /** How long an Idempotency-Key is stored, and how long one without a response counts as being processed. */
  idempotencyKeepHours: 24,
  idempotencyTakenSeconds: 60,
  /** Who waits longer than that for a machine is told of to the webhook, where the operator has set nothing else. */
  waitingTooLongSeconds: 600,
  /** If a node has fallen silent, a relay's poll runs the sweep, unless one has begun within this time. */
  sweepAgainSeconds: 10,
  /** A duty of the sweep that has not finished for this long is late. */
  dutyLateSeconds: 300,
  /** Loopback ports for machines: above the registered ones in common use, below the ephemeral ones. */
  portFrom: 20_000,
  portTo: 32_767,
} as const;
