import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { execDriver } from "../../../../src/relay/drivers/exec/driver.ts";
import { deadline } from "../../../helpers/patience.ts";
import { HOST_KEY } from "../../../helpers/world.ts";
import { script } from "./script.ts";

/** How a driver program is asked to mark a machine that it did not make, and to take the mark off. */

const OWNER = { installation: "i", node: "n1" };
const HERE = { host: "127.0.0.1", port: 2222 };
const REQUEST = {
  ...{ name: "vm", mark: { ...OWNER, machine: "vm" }, ssh: HERE, access: HERE },
  ...{ hostKey: HOST_KEY, plan: true },
};

const ANSWER = JSON.stringify({ name: "vm", ref: "17", state: "running", ssh: HERE });

test("mark and unmark: the program gets what it needs, and says what it has", async () => {
  await using program = await script(`cat >"$folder/$1"; [ "$1" = unmark ] || echo '${ANSWER}'`);
  const driver = execDriver({ program: program.path, ...OWNER });
  const told = async (command: string): Promise<unknown> =>
    JSON.parse(await readFile(join(program.folder, command), "utf8"));
  expect(await driver.mark?.(REQUEST, deadline(10))).toEqual({
    ...{ name: "vm", ref: "17", state: "running", ssh: HERE, access: HERE },
  });
  expect(await told("mark")).toEqual(REQUEST);
  await driver.unmark?.("vm", deadline(10));
  expect(await told("unmark")).toEqual({ name: "vm" });
});

test("mark: no such machine, or a program that has no such command → failed, in words", async () => {
  await using absent = await script("exit 30");
  await expect(
    execDriver({ program: absent.path, ...OWNER }).mark?.(REQUEST, deadline(10)),
  ).rejects.toMatchObject({ code: "failed", message: expect.stringContaining("no such machine") as string });
  await using older = await script("echo 'unknown command' >&2; exit 2");
  await expect(
    execDriver({ program: older.path, ...OWNER }).mark?.(REQUEST, deadline(10)),
  ).rejects.toMatchObject({ code: "failed", message: expect.stringContaining("unknown command") as string });
});
