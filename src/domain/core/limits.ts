/** The installation's fixed durations and bounds, in one place. Seconds unless the name says otherwise. */
export const SETTINGS = {
  /** A relay's right to an operation, and how often it renews it. */
  leaseSeconds: 60,
  renewSeconds: 15,
  /**
   * A node that is not heard for so long is silent, if the operator has set nothing else for it: its machines cannot be
   * claimed. A relay speaks every 25 s at least, so that it may be missed three times, and testers do not wait for minutes.
   */
  silenceSeconds: 90,
  /** Two of a relay's long polls: of nodes heard since then a machine is claimed first. */
  heardLatelySeconds: 50,
  /** A relay takes a set-up up within a second or two. One that it leaves for so long goes to a node whose relay asks. */
  unbegunSeconds: 10,
  /** Creates that one refill queues: each takes a statement under the locks of all nodes, for which everybody waits. A
   * larger pool fills over more refills; a node makes a few at a time anyway. */
  mostQueuedAtOnce: 200,
  /**
   * Creates and deletes at a time on one node, if neither an operator nor its driver says otherwise: each reads an image
   * and writes a disk, and two keep a disk busy without making both twice as slow.
   */
  nodeConcurrency: 2,
  /** What a machine takes besides its shape, where its node's driver does not say: MiB, GiB, virtual CPUs a real one. */
  overheads: {
    cpuOvercommit: 16,
    memoryMib: 128,
    bootMemoryMib: 256,
    diskGib: 0,
    virtualMachineDiskGib: 0,
    processes: 0,
  },
  /** What a node reported longer ago than that is not used to create. */
  inventoryStaleSeconds: 300,
  /** A node that refused a shape for want of room is asked once more after so long, though it looks the same. */
  saidFullSeconds: 3600,
  probeAttempts: 3,
  probeAttemptSeconds: 4,
  /** A suspect is asked again after so long, then later each time, until it is this old: then the sweeps do. */
  recheckSeconds: 5,
  recheckUntilSeconds: 60,
  /** An orphan is torn down when complete listings so far apart, about a sweep, both show it. */
  orphanSightingSeconds: 55,
  /** For how long an orphan is kept after it was stopped, where the operator has set nothing else: a day. */
  orphanKeepSeconds: 86_400,
  /** So many orphans of one node at once are several: none of them is torn down before a person says so. */
  severalOrphans: 3,
  /** So many orphans of one node are remembered and shown at a time. */
  mostOrphans: 200,
  /** How long a set-up tries to reach its machine before the machine is swapped. */
  connectBudgetSeconds: 10,
  /** A machine that is dead for longer in mid set-up is no restart: its tester is told. */
  standstillSeconds: 120,
  /** Keys of an active tester that are not replaced on their machine for longer are told of. */
  keyChangeSeconds: 120,
  maxSwaps: 3,
  /** What is kept of a set-up's log on each machine: its first and its last so many bytes. */
  logHeadBytes: 1024 * 1024,
  logTailBytes: 1024 * 1024,
  /** How long an assignment can be made to last by extending it, where the operator has set nothing else: 30 days. */
  extendCeilingSeconds: 30 * 86_400,
  /** How long before its end an assignment is said to expire: this share of its time, at least and at most so many seconds, never over half of it. */
  expiringShare: 0.1,
  expiringLeastSeconds: 120,
  expiringMostSeconds: 3600,
  /** How long an event is kept, a finished operation and the like, where the operator has set nothing else. */
  eventRetentionDays: 30,
  /** How long the samples of pools are kept for charts, where the operator has set nothing else. */
  historyRetentionDays: 30,
  /** No transaction that writes an event takes so long; until then an event may be overtaken by an earlier one. */
  eventSettleSeconds: 2,
  /** A delete that has gone on for so long is stuck: a rollout waits for it no more. */
  deleteStuckSeconds: 300,
  joinTokenSeconds: 3600,
  /** How long somebody stays signed in to the dashboard, and how long a link that signs in once works. */
  sessionSeconds: 12 * 3600,
  signInCodeSeconds: 600,
  /** How long the link to a tester's page works if its assignment lasts as long. */
  pageLinkSeconds: 30 * 86_400,
  /** How long an Idempotency-Key is remembered, and how long one without an answer counts as being worked on. */
  idempotencyKeepHours: 24,
  idempotencyTakenSeconds: 60,
  /** Who waits longer than that for a machine is told of to the webhook, where the operator has set nothing else. */
  waitingTooLongSeconds: 600,
  /** A duty of the sweep that has not ended for so long is late. */
  dutyLateSeconds: 300,
  /** Loopback ports for machines: above the registered ones in common use, below the ephemeral ones. */
  portFrom: 20_000,
  portTo: 32_767,
} as const;
