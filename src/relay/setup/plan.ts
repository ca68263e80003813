import { createHash } from "node:crypto";
import { ACCOUNT_TITLE } from "../../contract/progress.ts";
import type { SetupOperation } from "../../contract/relay.ts";
import { quote } from "../ssh/shell.ts";
import { accountScript } from "./account.ts";

/**
 * One step as it goes to the machine. `hash` covers its content and inputs: the same hash is not run again. Secrets are
 * left out: an assignment's never change, and once it is active they are forgotten, which is no reason to run again.
 */
export type PlannedStep = {
  /** How the edge calls it; the account's own is not of the recipe. */
  id: string;
  title: string;
  script: string;
  timeoutSeconds: number;
  hash: string;
};

export type Plan = {
  /** Names this run: the operation and all that it runs with. An exit record counts only for the run it names. */
  run: string;
  assignment: string;
  /** The set-up is over: nothing is done but that the keys are put in place. */
  keysOnly: boolean;
  steps: PlannedStep[];
  /** Shell text that exports the inputs. */
  env: string;
  secrets: Record<string, string>;
};

export const ACCOUNT_STEP = "account";
export const HANDOVER_STEP = "handover";
const HANDOVER_TITLE = "Check the hand-over";
const ACCOUNT_SECONDS = 60;

/** What a set-up runs on the machine. `relayKey` is the relay's public key line. */
export function planOf(operation: SetupOperation, relayKey: string): Plan {
  const { assignment, machine } = operation;
  const host = machine.access.host.includes(":") ? `[${machine.access.host}]` : machine.access.host;
  const inputs: Record<string, string> = {
    WARMPOOL_USERNAME: assignment.username,
    WARMPOOL_HTTP_PORT: String(machine.httpPort),
    WARMPOOL_HTTP_URL: `http://${host}:${machine.httpPort}/`,
    ...Object.fromEntries(
      Object.entries(assignment.params).map(([name, value]) => [`WARMPOOL_PARAM_${name}`, value]),
    ),
  };
  const account = {
    id: ACCOUNT_STEP,
    title: ACCOUNT_TITLE,
    timeoutSeconds: ACCOUNT_SECONDS,
    script: accountScript({
      username: assignment.username,
      testerKeys: assignment.sshKeys,
      rootKeys: [relayKey, ...assignment.adminSshKeys],
      sudo: assignment.sudo,
    }),
  };
  const steps = [account, ...assignment.recipe.steps].map((step) => ({
    ...step,
    hash: sha256([step.script, ...sorted(inputs)]),
  }));
  return {
    run: `${operation.id}.${sha256(steps.map((step) => `${step.hash} ${step.timeoutSeconds}`)).slice(0, 16)}`,
    assignment: assignment.id,
    keysOnly: isKeyChange(operation),
    steps,
    env: Object.entries(inputs)
      .map(([name, value]) => `export ${name}=${quote(value)}\n`)
      .join(""),
    secrets: assignment.secrets,
  };
}

/** Whether it is a run for the keys of a tester who is in already. */
export function isKeyChange({ assignment }: SetupOperation): boolean {
  return assignment.loggedIn && assignment.recipe.steps.length === 0;
}

/** The titles a tester sees, in order: the steps, then the hand-over check. */
export function titlesOf(plan: Plan): string[] {
  return [...plan.steps.map((step) => step.title), HANDOVER_TITLE];
}

/** Names and values in an order that does not depend on who sent them. */
function sorted(values: Record<string, string>): string[] {
  return Object.entries(values)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .flat();
}

/** Each text with its length, so that no two lists of texts look the same. */
function sha256(texts: string[]): string {
  const hash = createHash("sha256");
  for (const text of texts) hash.update(`${Buffer.byteLength(text)}:${text}`);
  return hash.digest("hex");
}
