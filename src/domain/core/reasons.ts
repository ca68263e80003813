/** Why something happened: every event carries one of these, and docs/codes.md explains each. */
export const REASONS = {
  asked_for: "A tester, an admin or the main app asked for it.",
  refill: "The pool had fewer machines than its target and its waiting testers need.",
  known_good: "The machine answered over SSH with its pinned key and passed its checks.",
  create_failed: "The machine could not be made or never became known good.",
  node_full: "The node refused the machine: it has no room, or a limit or restriction is set there.",
  probe_dead: "The machine did not answer a probe.",
  probe_alive: "The machine answered a probe again.",
  strikes: "The machine failed as many probes in a row as the pool allows.",
  vanished: "The node's complete listing does not show the machine.",
  tester_machine_down: "A tester's machine was stopped or deleted on its node, and not by Warmpool.",
  tester_machine_up: "A tester's machine that was down is there again.",
  replaced: "A person gave the tester another machine, on which the set-up runs again.",
  driver_down: "The node's driver fails to list its machines or to say what the node has.",
  driver_up: "The node's driver answers again.",
  host_key_changed: "The machine answered with another host key than the pinned one.",
  claimed: "A tester was given the machine.",
  swapped:
    "The machine could not be reached for a set-up that had not logged in yet, or no relay took the set-up up.",
  set_up: "Every step of the set-up ended well and the hand-over check passed.",
  setup_failed: "A step of the set-up or the hand-over check failed.",
  released: "The assignment was released.",
  retried: "Somebody wanted a failed set-up done again on the same machine.",
  extended: "Somebody gave the assignment a longer time.",
  expiring:
    "The assignment's time, or the time for which the machine of a failed one is held, is nearly over.",
  failed_hold_over:
    "The machine of a failed assignment had been held for a look for as long as its pool says.",
  expired: "The assignment's time was over.",
  surplus: "The pool had more ready machines than its target.",
  stale: "The machine was made of an earlier spec, or its time was over, and a current one takes its place.",
  emptied: "An admin emptied the pool.",
  proven_gone: "A listing of the node that was begun after the delete no longer shows the machine.",
  never_started: "No relay ever began to make the machine.",
  called_off: "The node fell silent before its relay had begun to make the machine; one is made elsewhere.",
  lease_lost: "The lease ran out or went to a newer session of the relay.",
  delete_failed: "The delete failed or could not be proven; it is tried again.",
  orphan_kept: "The orphan is stopped, and is kept for a while before it is deleted.",
  settings_changed: "An admin changed a setting of the installation.",
  orphan:
    "Two complete listings of the node, a sweep apart, showed a machine of this installation that has no row: it is torn down.",
  orphan_seen: "A complete listing of the node shows a machine of this installation that has no row.",
  orphans_held:
    "There are several such machines at once: none of them is torn down before an admin allows it.",
  orphans_gone: "The node no longer shows any such machine that an admin has to decide about.",
  database_behind:
    "The relay has seen machines of higher numbers than the database knew: it is an older copy. Numbering continues above them.",
  orphans_confirmed: "An admin allowed such machines to be torn down.",
  spec_changed: "An admin changed it.",
  default_changed: "An admin made the pool the default for callers who name none.",
  rolled_back: "An admin made an earlier version of the recipe the current one again.",
  recipe_removed: "An admin removed the recipe.",
  recreated: "An admin wanted another machine in its place.",
  held: "An admin took the machine out to look at it.",
  unheld: "An admin gave a held machine back.",
  restart: "An admin wanted the machine restarted.",
  restarted: "The machine was stopped and started, and answered over SSH with its pinned key.",
  restart_failed:
    "The machine was not started again, did not answer over SSH with its pinned key in time, or its node fell silent before the restart had begun.",
  cut: "An admin ended the access to the machine: its node stops it.",
  cut_done: "The machine whose access was ended is stopped.",
  cut_failed: "The node could not stop a machine whose access was ended; it is tried again until it has.",
  cut_again: "A machine whose access was ended ran again, and is stopped again.",
  uncut: "An admin gave the access to the machine back: it is started.",
  forgotten: "An admin had the machine forgotten without proof that it is gone.",
  pool_removed: "An admin removed the pool.",
  node_removed: "An admin removed the node.",
  drained: "An admin wants no more machines on the node.",
  labelled: "An admin changed the node's labels.",
  node_set: "An admin changed a setting of the node.",
  resumed: "An admin opened the node for machines again.",
  revoked: "An admin revoked the token.",
  signed_in: "Somebody signed in to the dashboard with a token, or with a link that was made with it.",
  enrolled: "An admin made the node known, or let it join again.",
  joined: "A relay joined with its one-time token.",
  heard: "The relay was heard again.",
  not_heard: "The relay was not heard for longer than the node's `silenceSeconds`.",
  probed: "The node listed and probed its machines after it had come back.",
  braked:
    "Most of the node's machines stopped answering at once; none of them is torn down until the cause is known.",
  brake_lifted: "Most of the node's machines answer again.",
  canary: "A machine is made, or makes room for one, to find out whether a braked node is fine.",
  canary_ready: "The canary of a braked node got ready: machines that stay dead are dead, and are replaced.",
  brake_overruled: "An admin confirmed that the dead machines of a braked node are dead.",
  unproven: "The node came back and could not ask the machine whether it lives.",
  address_changed: "The node's listing shows the machine at another address.",
  condition_changed: "A condition of the pool changed.",
  undelivered: "A message of the webhook could not be delivered and was given up.",
  superseded: "The work was no longer wanted.",
  keys_late: "New SSH keys are not on the machine in time; the old ones may still open it.",
  shutdown: "The relay stopped and handed the work back.",
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
