import type { AssignmentState } from "../../contract/assignment.ts";
import type { ImportProblem } from "../../contract/import.ts";

/**
 * Whether a tester and the machine of their old record can be imported. Pure. It is asked when the import is, and again
 * once the machine was looked at: both may have been taken in the meantime.
 */
export type Candidate = {
  username: string;
  pool: string;
  node: string;
  machine: string;
  /** The account that the tester logs in to, if the record says. */
  user?: string | undefined;
  expiresAt?: string | null | undefined;
};

export type ImportFacts = {
  /** Null where there is no such node. */
  node: { isOnline: boolean } | null;
  /** What the tester has in that pool. */
  holds: { state: AssignmentState; machine: string | null; node: string | null } | null;
  /** The machine of that name that Warmpool has, wherever it is. */
  named: { node: string; username: string | null } | null;
  /** Another machine of the node at the same address. */
  neighbour: string | null;
  /** How many machines the pool has, and may have. */
  population: number;
  maxSize: number;
};

/** `unchanged`: the tester has that machine already. */
export function judgeImport(
  { username, pool, node, machine, user, expiresAt }: Candidate,
  { holds, named, neighbour, population, maxSize, ...facts }: ImportFacts,
  now: number,
): ImportProblem | "new" | "unchanged" {
  if (holds !== null && holds.machine === machine && holds.node === node) return "unchanged";
  if (holds !== null) {
    const what = holds.machine === null ? `is ${holds.state}` : `has the machine ${holds.machine}`;
    return {
      why: `${username} ${what} in pool ${pool} already`,
      fix: "Release them first, or leave this record out.",
    };
  }
  if (named !== null) {
    const whose = named.username === null ? "nobody" : named.username;
    return {
      why: `Warmpool has a machine ${machine} already, on node ${named.node}, which ${whose} has`,
      fix: "Correct the username or the machine: one machine has one tester.",
    };
  }
  if (facts.node === null) {
    return {
      why: `there is no node ${node}`,
      fix: `Add it with \`npx warmpool node enroll ${node}\`, or correct the node.`,
    };
  }
  if (!facts.node.isOnline) {
    return {
      why: `node ${node} is not online, so its relay cannot look at the machine`,
      fix: "Start its relay, and import again.",
    };
  }
  if (neighbour !== null) {
    return {
      why: `the machine at that address is ${neighbour}, which Warmpool has already`,
      fix: "Correct the host and the port, or leave this record out.",
    };
  }
  if (user !== undefined && user !== username) {
    return {
      why: `the tester logs in as ${user}, and with Warmpool testers log in as their username, ${username}`,
      fix: `Make an account ${username} on the machine that opens with their keys, and leave the user out.`,
    };
  }
  if (expiresAt != null && Date.parse(expiresAt) <= now) {
    return { why: `it expired at ${expiresAt}`, fix: "Give it a later end, or leave this record out." };
  }
  if (population >= maxSize) {
    return {
      why: `pool ${pool} has ${population} machines, and its maxSize is ${maxSize}`,
      fix: `Put the pool with a maxSize of ${population + 1} or more: testers who are imported count.`,
    };
  }
  return "new";
}
