/**
 * What the contract asks of a driver, a sentence a rule, and the section of docs/drivers.md that says more. A case that
 * fails names the rule that was broken.
 */
export type Rule = { must: string; section: string };

export const RULES = {
  version: {
    must: "`version` must print the driver's version and end with 0.",
    section: "version",
  },
  capacity: {
    must: "`capacity` must print what the node has, whatever machines stand on it: totals stay the same.",
    section: "capacity",
  },
  created: {
    must: "`create` must make the machine, start it, and print it with the address that the relay dials.",
    section: "create",
  },
  opens: {
    must: "A new machine must let root in with each of `authorizedKeys`, and nobody else.",
    section: "create",
  },
  hostKey: {
    must: "A machine must show the host key that it was given at create, and no other, for all its life.",
    section: "create",
  },
  exists: {
    must: "`create` of a name that is there already must end with 31 and leave the machine as it is.",
    section: "create",
  },
  noCapacity: {
    must: "`create` of a machine that does not fit must end with 32 and leave nothing behind.",
    section: "create",
  },
  shown: {
    must: "`get` and `list` must show a machine as it is, with the address that `create` printed, to every relay of its node.",
    section: "get",
  },
  absent: {
    must: "`get` of what is not there must end with 30.",
    section: "get",
  },
  complete: {
    must: "`list` must print `complete: true` and every machine of its owner; without that nothing is ever proven gone.",
    section: "list",
  },
  started: {
    must: "`start` must start a stopped machine with its data and its host key, and end with 0 where it runs already.",
    section: "start",
  },
  startAbsent: {
    must: "`start` of what is not there must fail (30).",
    section: "start",
  },
  stopped: {
    must: "`stop` must end the machine at once and keep its data; what is stopped or not there is no error.",
    section: "stop",
  },
  deleted: {
    must: "`delete` must return once the machine, its disks and its ports are gone, and touch no other machine.",
    section: "delete",
  },
  deleteAgain: {
    must: "`delete` of what is not there, or is being deleted by somebody else, must end with 0 or 30.",
    section: "delete",
  },
  foreign: {
    must: "Machines of another installation must be neither shown nor touched.",
    section: "Whose machines",
  },
  marked: {
    must: "`get` and `list` must give back the mark that `create` was told, as the hypervisor has it and never made up from the name: a copy shows the name of its original in it.",
    section: "Whose machines",
  },
  interrupted: {
    must: "A call may be killed at any moment: what it leaves must be shown by both `get` and `list`, and be deletable.",
    section: "Killed calls",
  },
  repeated: {
    must: "A call that was killed must work when it is made again.",
    section: "Killed calls",
  },
  evidence: {
    must: "`evidence` must be text for a person and hold no private key.",
    section: "get",
  },
} as const satisfies Record<string, Rule>;
