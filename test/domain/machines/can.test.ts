import { expect, test } from "vitest";
import { MACHINE_ACTIONS, MACHINE_STATES, type MachineState } from "../../../src/contract/machine.ts";
import { can, whyNot } from "../../../src/domain/machines/can.ts";
import { afterHold } from "../../../src/domain/machines/actions.ts";
import { MACHINE_MOVES } from "../../../src/domain/core/states.ts";

const free = (state: MachineState) => ({ state, assignment: null, operation: null });
const taken = (state: MachineState) => ({ state, assignment: { username: "alice" }, operation: null });

test("what may be done agrees with the table of moves in every state", () => {
  for (const state of MACHINE_STATES) {
    expect(whyNot("recreate", free(state)) === null, state).toBe(MACHINE_MOVES[state].includes("deleting"));
    expect(whyNot("hold", free(state)) === null, state).toBe(MACHINE_MOVES[state].includes("held"));
    expect(whyNot("unhold", free(state)) === null, state).toBe(state === "held");
    expect(whyNot("forget", free(state)) === null, state).toBe(state !== "deleted");
    expect(whyNot("release", free(state)), state).not.toBeNull();
    expect(whyNot("restart", free(state)) === null, state).toBe(
      ["ready", "suspect", "assigned", "held"].includes(state),
    );
  }
});

test("a tester's machine is only held, unheld, restarted or released", () => {
  for (const state of ["assigned", "held"] as const) {
    expect(whyNot("recreate", taken(state))).toMatch(/alice/);
    expect(whyNot("forget", taken(state))).toMatch(/alice/);
    expect(whyNot("release", taken(state))).toBeNull();
  }
});

test("restart waits for the work under way, and says which", () => {
  expect(whyNot("restart", { ...taken("assigned"), operation: { kind: "setup" } })).toMatch(
    /setup is in progress/,
  );
  expect(whyNot("restart", { ...taken("assigned"), operation: { kind: "setup" }, dead: true })).toBeNull();
  expect(whyNot("restart", { ...taken("assigned"), operation: { kind: "restart" }, dead: true })).toMatch(
    /restart is in progress/,
  );
});

test("where unhold leads is a legal move, and every refusal is a sentence", () => {
  for (const used of [true, false]) {
    for (const assignment of [null, {}])
      expect(MACHINE_MOVES.held).toContain(afterHold({ used, assignment }));
  }
  for (const state of MACHINE_STATES) {
    const answers = can(free(state));
    expect(Object.keys(answers).toSorted()).toEqual([...MACHINE_ACTIONS].toSorted());
    for (const why of Object.values(answers)) expect(why ?? "it may be done").toMatch(/^(it|its) \S+/);
  }
});
