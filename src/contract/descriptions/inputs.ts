/** What people write: pool specs, recipes, settings and the options of calls. */
export const INPUTS: Record<string, string> = {
  accessCommand:
    "A command that runs on the node before a machine counts as ready, with WARMPOOL_HOST and WARMPOOL_PORT of its access; an exit code other than 0 means not ready.",
  adminSshKeys: "OpenSSH public keys that can log in as root on every machine of the pool.",
  assignmentTtlSeconds:
    "How long an assignment lasts after it becomes active, in seconds, if the call does not say. If absent, it does not expire.",
  bootTimeoutSeconds: "How long a create may take until the machine is ready, in seconds.",
  changes: "The fields of the spec that change.",
  concurrency: "How many creates and deletes a node runs at a time.",
  default: "The value if none is given; not allowed for a secret parameter.",
  eventRetentionDays: "How long events and finished operations are kept, in days.",
  extendCeilingSeconds: "The longest time to live that extending can give an assignment, in seconds.",
  failureThreshold: "The number of failed probes in a row after which a machine is replaced.",
  healthCommand:
    "A command that runs on the machine at every probe; an exit code other than 0 means the machine is dead.",
  historyRetentionDays: "How long samples of pools are kept for charts, in days.",
  hold: "Keeps the machine out of the pool.",
  holdFailedSeconds:
    "How long the machine of a failed assignment is kept, in seconds; 0 means until the next sweep.",
  image: "The image of the machines, by the name that the driver knows.",
  instanceType: "Whether machines are virtual machines or system containers.",
  isCurrent: "Whether new set-ups run this version.",
  isDefault: "Whether calls that name no pool use this one.",
  isNew: "Whether the pool does not exist yet.",
  keepAdminKeys: "Whether the admin keys stay on a machine after it is handed over to a tester.",
  machineTtlSeconds:
    "The age at which an unassigned machine is replaced, in seconds. If absent, machines are not replaced by age.",
  maxSize:
    "The maximum number of machines of the pool, in any state, until they are proven gone; at least targetSize.",
  nodeLabels: "The pool uses only nodes that have all of these labels.",
  orphanKeepSeconds: "How long an orphan is kept after it was stopped, before it is deleted, in seconds.",
  params: "Parameters, by name.",
  pattern: "An RE2 regular expression that the whole value must match.",
  paused: "Whether the pool creates and tears down no machines.",
  placement:
    "How a node with room is chosen: `spread` distributes machines over nodes, `pack` keeps large free spaces.",
  pool: "The pool.",
  putAt: "When it was stored.",
  readyCommand: "A command that runs on the machine and must exit with 0 before the machine counts as ready.",
  reassign: "Whether its tester gets another machine.",
  recipe: "The recipe that sets a machine up for its tester.",
  release: "Whether live assignments are released.",
  required: "Whether a value must be given.",
  script: "The script: through the API its text, in recipe.json the name of its file.",
  secret: "Whether the value is encrypted and never shown.",
  shape: "The size of one machine.",
  silenceSeconds: "After how many seconds without a word from its relay a node is silent.",
  spec: "The spec of the pool.",
  steps: "The steps, in order; in a running set-up, their number.",
  sudo: "Whether testers may use sudo without a password.",
  targetSize: "The number of machines kept ready for future testers.",
  testerTtlSeconds:
    "How long testers may extend their own assignment from their page, in seconds after it becomes active. If absent, they cannot extend it.",
  timeoutSeconds: "How long the step may take, in seconds.",
  versions: "The number of versions.",
  wait: "Whether to wait in the queue if no machine is ready.",
  waitingTooLongSeconds: "How long a tester waits for a machine before the webhook reports it, in seconds.",
};
