/** Why something happened: every event has one of these reasons; docs/codes.md explains them. */
export const REASONS = {
  asked_for: "A tester, an admin or the main app asked for it.",
  refill: "The pool had fewer machines than its target and its waiting testers need.",
  known_good: "The machine responded over SSH with its pinned key and passed its checks.",
  create_failed: "The machine could not be created or never became known good.",
  node_full: "The node refused the machine: it has no room, or a limit or restriction applies.",
  probe_dead: "The machine did not respond to a probe.",
  probe_alive: "The machine responded to a probe again.",
  strikes: "The machine failed as many probes in a row as the pool allows.",
  vanished: "The node's complete listing does not show the machine.",
  tester_machine_down: "A tester's machine was stopped or deleted on its node, and not by Warmpool.",
  tester_machine_up: "A tester's machine that was down is back.",
  replaced: "An admin gave the tester another machine, on which the set-up runs again.",
  driver_down: "The node's driver fails to list its machines or to report the node's inventory.",
  driver_up: "The node's driver works again.",
  host_key_changed: "The machine presented a host key other than the pinned one.",
  claimed: "The machine was assigned to a tester.",
  swapped: "The machine could not be reached before its set-up started, or no relay started the set-up.",
  set_up: "Every step of the set-up succeeded and the hand-over check passed.",
  setup_failed: "A step of the set-up or the hand-over check failed.",
  released: "The assignment was released.",
  retried: "A failed set-up was retried on the same machine.",
  extended: "The time of the assignment was extended.",
  expiring: "The assignment, or the hold of a failed assignment's machine, expires soon.",
  failed_hold_over: "The machine of a failed assignment had been held for the pool's `holdFailedSeconds`.",
  expired: "The assignment expired.",
  surplus: "The pool had more ready machines than its target.",
  stale:
    "The machine was stale (from an earlier spec, or past `machineTtlSeconds`) and was replaced with a current one.",
  emptied: "An admin emptied the pool.",
  proven_gone: "A listing of the node that started after the delete does not show the machine.",
  never_started: "No relay ever started to create the machine.",
  called_off:
    "The node became silent before its relay had started to create the machine; one is created elsewhere.",
  lease_lost: "The lease expired or moved to a newer session of the relay.",
  delete_failed: "The delete failed or could not be proven; it is retried.",
  orphan_kept: "The orphan is stopped, and is kept for a while before it is deleted.",
  settings_changed: "An admin changed a setting of the installation.",
  orphan:
    "Two complete listings of the node, one sweep apart, showed a machine of this installation that has no row: it is torn down.",
  orphan_seen: "A complete listing of the node shows a machine of this installation that has no row.",
  orphans_held:
    "There are several such machines at once: none of them is torn down before an admin allows it.",
  orphans_gone: "The node no longer shows any such machine that an admin has to decide about.",
  database_behind:
    "The relay has seen higher machine numbers than the database knew, so the database is an older copy. Numbering continues above them.",
  orphans_confirmed: "An admin allowed such machines to be torn down.",
  spec_changed: "An admin changed it.",
  default_changed: "An admin made the pool the default for calls that name none.",
  imported: "An admin imported the tester with the machine that they had: it was created elsewhere.",
  import_undone: "An admin undid the import: the machine runs on, and Warmpool has no part in it any more.",
  rolled_back: "An admin made an earlier version of the recipe the current one again.",
  recipe_removed: "An admin removed the recipe.",
  recreated: "An admin recreated the machine.",
  held: "An admin held the machine.",
  unheld: "An admin ended the hold of the machine.",
  restart: "An admin restarted the machine.",
  restarted: "The machine was stopped and started, and responded over SSH with its pinned key.",
  restart_failed:
    "The machine was not started again, did not respond over SSH with its pinned key in time, or its node became silent before the restart had started.",
  cut: "An admin ended the access to the machine: its node stops it.",
  cut_done: "The machine whose access was ended is stopped.",
  cut_failed:
    "The node could not stop a machine whose access was ended; the stop is retried until it succeeds.",
  cut_again: "A machine whose access was ended was running again, and is stopped again.",
  uncut: "An admin restored the access to the machine: it is started.",
  forgotten: "An admin made Warmpool forget the machine without proof that it is gone.",
  pool_removed: "An admin removed the pool.",
  node_removed: "An admin removed the node.",
  drained: "An admin drained the node.",
  labelled: "An admin changed the node's labels.",
  node_set: "An admin changed a setting of the node.",
  resumed: "An admin resumed the node.",
  revoked: "An admin revoked the token.",
  signed_in: "Somebody signed in to the dashboard with a token, or with a link that was created with it.",
  enrolled: "An admin enrolled the node, or let it join again.",
  joined: "A relay joined with its one-time token.",
  heard: "The relay was heard again.",
  not_heard: "The relay was not heard for longer than the node's `silenceSeconds`.",
  probed: "The node listed and probed its machines after it had come back.",
  braked:
    "Most of the node's machines stopped responding at once; none of them is torn down until the cause is known.",
  brake_lifted: "Most of the node's machines respond again.",
  canary: "A canary is created, or a machine makes room for it, to find out whether a braked node works.",
  canary_ready: "The canary of a braked node became ready: machines that are still dead are replaced.",
  brake_overruled: "An admin confirmed that the dead machines of a braked node are dead.",
  taken:
    "A tester was set up on the machine, and the database does not know of it, as after a restored backup: nobody else gets it.",
  unproven: "The node came back and could not check whether the machine responds.",
  address_changed: "The node's listing shows the machine at another address.",
  condition_changed: "A condition of the pool changed.",
  undelivered: "A webhook message could not be delivered and was given up.",
  webhook_tested: "An admin sent a test message to the webhook's receiver.",
  superseded: "The work was cancelled.",
  keys_late: "New SSH keys were not on the machine in time; the old ones may still work.",
  shutdown: "The relay stopped and returned the work to the queue.",
} as const;

export type Reason = keyof typeof REASONS;

/** Who did it: a caller by role and name, a node's relay, or one of the system's own duties. */
export type Actor =
  | `app:${string}`
  | `admin:${string}`
  | `viewer:${string}`
  | `tester:${string}`
  | `node:${string}`
  | `system:${string}`;
