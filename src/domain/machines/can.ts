import type { MachineAction, MachineState } from "../../contract/machine.ts";
import { MACHINE_MOVES, MADE_STATES } from "../core/states.ts";

/**
 * What a person may do with a machine, and where they may not, why: derived from the table of moves, so that the two
 * cannot disagree. The domain refuses by these same words, and every machine carries them (`can`), so that a terminal
 * or a page can say beforehand what would be refused.
 */
export type MachineFacts = {
  state: MachineState;
  assignment: { username: string } | null;
  /** The live operation on it. */
  operation: { kind: string } | null;
  /** Whether its node, which is heard, does not list it any more. */
  absent?: boolean;
  /** Whether it did not answer its node's last probe. */
  dead?: boolean;
  /** Set while its access is cut. */
  cut?: object | null;
};

/** Null if it is allowed; else why not, and what to do instead. */
const RULES: Record<MachineAction, (machine: MachineFacts) => string | null> = {
  recreate: (machine) => assigned(machine) ?? ending(machine),
  restart: (machine) => {
    if (!MADE_STATES.includes(machine.state)) return standing(machine.state);
    if (machine.absent === true)
      return "it no longer exists on its node, so it cannot be started; recreate it, with reassign if it has a tester";
    if (isCut(machine)) return "its access is cut; uncut it to start it again";
    if (machine.operation === null) return null;
    // A set-up on a dead machine is stuck: the restart lets it continue.
    if (machine.operation.kind === "setup" && machine.dead === true) return null;
    return `its ${machine.operation.kind} is in progress; wait until it has finished`;
  },
  hold: ({ state }) => {
    if (state === "held") return "it is already held";
    return MACHINE_MOVES[state].includes("held") ? null : standing(state);
  },
  unhold: ({ state }) => (state === "held" ? null : `it is ${state}, not held`),
  cut: (machine) => {
    if (isCut(machine)) return "its access is already cut";
    if (machine.state === "assigned" || machine.state === "held") return null;
    if (machine.state === "ready" || machine.state === "suspect")
      return "it has no assignment; hold it first to keep it, or recreate it";
    return standing(machine.state);
  },
  uncut: (machine) => {
    if (!isCut(machine)) return "its access is not cut";
    return machine.state === "assigned" || machine.state === "held" ? null : standing(machine.state);
  },
  forget: (machine) => assigned(machine) ?? (machine.state === "deleted" ? standing("deleted") : null),
  release: ({ assignment }) => (assignment === null ? "it has no assignment" : null),
};

/** Why `action` is not allowed on the machine; null if it is. */
export function whyNot(action: MachineAction, machine: MachineFacts): string | null {
  return RULES[action](machine);
}

/** The answer for every action. */
export function can(machine: MachineFacts): Record<MachineAction, string | null> {
  return {
    recreate: RULES.recreate(machine),
    restart: RULES.restart(machine),
    hold: RULES.hold(machine),
    unhold: RULES.unhold(machine),
    cut: RULES.cut(machine),
    uncut: RULES.uncut(machine),
    forget: RULES.forget(machine),
    release: RULES.release(machine),
  };
}

function isCut({ cut }: MachineFacts): boolean {
  return cut !== undefined && cut !== null;
}

function assigned({ assignment }: MachineFacts): string | null {
  return assignment === null
    ? null
    : `it is assigned to ${assignment.username}; release the assignment first`;
}

function ending({ state }: MachineFacts): string | null {
  return MACHINE_MOVES[state].includes("deleting") ? null : standing(state);
}

function standing(state: MachineState): string {
  switch (state) {
    case "provisioning":
      return "it is still being created; wait until it is ready";
    case "deleting":
      return "it is already being torn down";
    case "deleted":
      return "it is deleted; its row is kept as history";
    default:
      return `it is ${state}`;
  }
}
