import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import type { z } from "zod";
import { RULES } from "../../../../src/relay/conformance/rules.ts";
import {
  capacityAnswer,
  COMMANDS,
  createAnswer,
  createInput,
  EXIT,
  getAnswer,
  listAnswer,
} from "../../../../src/relay/drivers/exec/protocol.ts";
import { TIMEOUTS } from "../../../../src/relay/drivers/exec/timeouts.ts";

/** That docs/drivers.md says what the code does: it is all that the author of a program has. */
const document = await readFile(new URL("../../../../docs/drivers.md", import.meta.url), "utf8");
const sections = new Map(
  document.split(/^##+ /m).map((text) => [text.slice(0, text.indexOf("\n")), text] as const),
);

test.each<[string, z.ZodType[]]>([
  ["create", [createInput, createAnswer]],
  ["get", [getAnswer]],
  ["list", [listAnswer]],
  ["capacity", [capacityAnswer]],
])("the examples of %s are what the relay takes", (command, schemas) => {
  const examples = [...(sections.get(command) ?? "").matchAll(/```json\n([^]*?)```/g)];
  expect(examples).toHaveLength(schemas.length);
  for (const [index, [, text = ""]] of examples.entries()) schemas[index]?.parse(JSON.parse(text));
});

test("every command and every rule has its section", () => {
  expect([...sections.keys()]).toEqual(expect.arrayContaining([...COMMANDS]));
  expect([...sections.keys()]).toEqual(
    expect.arrayContaining(Object.values(RULES).map(({ section }) => section)),
  );
});

test("exit codes and deadlines are the code's own", () => {
  for (const code of Object.values(EXIT)) expect(sections.get("Exit codes")).toContain(`\n| ${code} |`);
  const rows = [...(sections.get("Killed calls") ?? "").matchAll(/^\| (`.*`) \| (\d+)/gm)];
  const told = rows.flatMap(([, commands = "", seconds]) =>
    commands.split(", ").map((command) => [command.replaceAll("`", ""), Number(seconds)]),
  );
  expect(Object.fromEntries(told)).toEqual(TIMEOUTS);
});
