/**
 * What the contract asks of a driver, a sentence a rule, and the section of docs/drivers.md that says more. A case that
 * fails names the rule that was broken.
 */
export type Rule = { must: string; section: string };

export const RULES = {
  version: {
    must: "`version` must print the driver's version and exit with 0.",
    section: "version",
  },
  capacity: {
    must: "`capacity` must print what the node has in total: the totals do not depend on the machines on it.",
    section: "capacity",
  },
  created: {
    must: "`create` must create the machine, start it, and print it with the address that the relay connects to.",
    section: "create",
  },
  opens: {
    must: "A new machine must accept root logins with each of `authorizedKeys`, and no others.",
    section: "create",
  },
  hostKey: {
    must: "A machine must always present the host key that it was given at create, and no other.",
    section: "create",
  },
  exists: {
    must: "`create` of a name that already exists must exit with 31 and leave the machine as it is.",
    section: "create",
  },
  noCapacity: {
    must: "`create` of a machine that does not fit must exit with 32 and leave nothing behind.",
    section: "create",
  },
  shown: {
    must: "`get` and `list` must show a machine's current state, with the address that `create` printed, to every relay of its node.",
    section: "get",
  },
  absent: {
    must: "`get` of a machine that does not exist must exit with 30.",
    section: "get",
  },
  complete: {
    must: "`list` must print `complete: true` and every machine of its owner; without that, no machine is ever proven gone.",
    section: "list",
  },
  started: {
    must: "`start` must start a stopped machine with its data and its host key, and exit with 0 if it is already running.",
    section: "start",
  },
  startAbsent: {
    must: "`start` of a machine that does not exist must fail (30).",
    section: "start",
  },
  stopped: {
    must: "`stop` must stop the machine at once and keep its data; a machine that is stopped or does not exist is not an error.",
    section: "stop",
  },
  deleted: {
    must: "`delete` must return only when the machine, its disks and its ports are gone, and touch no other machine.",
    section: "delete",
  },
  deleteAgain: {
    must: "`delete` of a machine that does not exist, or is already being deleted, must exit with 0 or 30.",
    section: "delete",
  },
  foreign: {
    must: "Machines of another installation must not be shown or touched.",
    section: "Whose machines",
  },
  marked: {
    must: "`get` and `list` must return the mark that `create` was given, as the hypervisor stores it, never derived from the name: a copy shows the name of its original in it.",
    section: "Whose machines",
  },
  interrupted: {
    must: "A call may be killed at any moment: both `get` and `list` must show what it leaves behind, and `delete` must remove it.",
    section: "Killed calls",
  },
  repeated: {
    must: "A call that was killed must work when it is repeated.",
    section: "Killed calls",
  },
  evidence: {
    must: "`evidence` must be readable text and contain no private key.",
    section: "get",
  },
} as const satisfies Record<string, Rule>;
