import { createHash, randomUUID } from "node:crypto";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { readRecipe } from "../../../src/cli/inputs/recipeFolder.ts";
import type { OperationResult } from "../../../src/contract/operationResult.ts";
import { setUp } from "../../../src/relay/setup/setup.ts";
import { TestLease } from "./lease.ts";
import type { TestMachine, TestNode } from "./node.ts";
import { setupOperation } from "./setup.ts";

/** The recipe as it is shipped. */
const { steps, params: known } = readRecipe(fileURLToPath(new URL("../../../recipes/hero", import.meta.url)));

/** Stands for the real one: it says who runs it and for what, and leaves a program. */
export const INSTALLER = `#!/bin/sh
set -eu
echo "::progress 50 Half of it"
id -un >"$HERO_HOME/var/installed-by"
echo "$1 $HERO_CHANNEL $HOME" >"$HERO_HOME/var/asked-for"
printf '#!/bin/sh\\nexec sleep 1000\\n' >"$HERO_HOME/bin/hero_proc"
chmod +x "$HERO_HOME/bin/hero_proc"
`;
export const sum = (text: string) => createHash("sha256").update(text).digest("hex");

/** A machine has one assignment in its life: what is asked for again is the same one's. */
const assignments = new WeakMap<TestMachine, string>();

type Ran = { result: OperationResult; log: string };

/** Runs it on a machine with params as the edge would take them. */
export async function installHero(
  node: TestNode,
  machine: TestMachine,
  asked: Record<string, string>,
  secrets: Record<string, string> = {},
  token = 1,
): Promise<Ran> {
  const lease = new TestLease();
  const params = { channel: "main", services: "", ...asked };
  for (const [name, value] of Object.entries({ ...params, ...secrets })) {
    expect(value, name).toMatch(new RegExp(`^(?:${known[name]?.pattern})$`, "u"));
  }
  const recipe = { name: "hero", version: "1", steps };
  const id = assignments.get(machine) ?? randomUUID();
  assignments.set(machine, id);
  const operation = setupOperation(machine, [], { id, params, secrets, recipe }, { token });
  const result = await setUp(operation, lease, node.tools);
  const log = lease.told.map((told) => (told.kind === "setup" ? (told.log?.text ?? "") : "")).join("");
  return { result, log };
}
