import { randomUUID } from "node:crypto";
import type { SetupOperation } from "../../../src/contract/relay.ts";
import { makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import type { TestMachine } from "./node.ts";

export const testerKey = makeKeyPair("alice@laptop").publicKey;

/** A set-up operation for `alice` with the given steps, `[id, script, timeoutSeconds]` each. */
export function setupOperation(
  machine: TestMachine,
  steps: [id: string, script: string, timeoutSeconds?: number][],
  assignment: Partial<SetupOperation["assignment"]> = {},
  leased: Partial<Pick<SetupOperation, "id" | "token" | "attempt">> = {},
): SetupOperation {
  return {
    kind: "setup",
    id: randomUUID(),
    token: 1,
    attempt: 1,
    ...leased,
    machine,
    assignment: {
      id: randomUUID(),
      username: "alice",
      sshKeys: [testerKey],
      adminSshKeys: [],
      sudo: false,
      params: {},
      secrets: {},
      recipe: {
        name: "test",
        version: "1",
        steps: steps.map(([id, script, timeoutSeconds = 30]) => ({
          id,
          title: `Do ${id}`,
          script,
          timeoutSeconds,
        })),
      },
      loggedIn: false,
      logOffset: 0,
      connectBudgetSeconds: 5,
      ...assignment,
    },
  };
}
