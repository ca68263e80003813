import type { AssignmentState } from "../../../src/contract/assignment.ts";
import type { Picture } from "./picture.ts";

/**
 * Who has a machine and who waits, kept beside the system by the rules that testers are told: first come first served, a
 * machine stays its tester's, and a swap gives back the old place in the line.
 */
export type Tester = { state: AssignmentState; machine: string | null; swaps: number; place: number };

export type Model = { testers: Map<string, Tester>; asked: number };

export const newModel = (): Model => ({ testers: new Map(), asked: 0 });

export function isLineEmpty({ testers }: Model): boolean {
  return [...testers.values()].every(({ state }) => state !== "waiting");
}

export function askedFor(model: Model, username: string, machine: string | null): void {
  model.asked += 1;
  const state = machine === null ? "waiting" : "setting_up";
  model.testers.set(username, { state, machine, swaps: 0, place: model.asked });
}

export function backInLine(tester: Tester): void {
  Object.assign(tester, { state: "waiting", machine: null, swaps: tester.swaps + 1 });
}

/**
 * Compares the model with what is, and takes over which machines those who waited got: that is the system's choice, the
 * order in which they get them is not.
 * @param maySwap those whom this step may have sent back to the line
 * @throws Error where they differ
 */
export function follow(model: Model, { testers }: Picture, maySwap: ReadonlySet<string>): void {
  const seen = new Map(testers.map((tester) => [tester.username, tester]));
  const gone = [...seen.keys()].filter((username) => !model.testers.has(username));
  if (gone.length > 0) throw new Error(`still has an assignment: ${gone.join(", ")}`);
  let passedOver: string | null = null;
  for (const [username, tester] of [...model.testers].toSorted(([, a], [, b]) => a.place - b.place)) {
    const is = seen.get(username);
    if (is === undefined) throw new Error(`${username} lost the assignment, which was ${tester.state}`);
    if (maySwap.has(username) && is.machine !== tester.machine) backInLine(tester);
    if (tester.state === "waiting" && is.state === "waiting") passedOver ??= username;
    else if (tester.state === "waiting" && is.state === "setting_up") {
      if (passedOver !== null) throw new Error(`${username} got a machine before ${passedOver}`);
      Object.assign(tester, { state: is.state, machine: is.machine });
    } else if (tester.state !== is.state || tester.machine !== is.machine) {
      throw new Error(
        `${username} is ${is.state} on ${is.machine}, and should be ${tester.state} on ${tester.machine}`,
      );
    }
  }
}
