import { expect, test } from "vitest";
import { RULES } from "../../../src/relay/conformance/rules.ts";
import { oneIn, atNight } from "../../helpers/nightly.ts";
import { BREAKAGES } from "./breakages.ts";
import { check, programOf } from "./program.ts";

/** That each way to break the contract is seen, and said in a sentence that names the rule. */
const named = oneIn(
  6,
  BREAKAGES.map((breakage) => [breakage.what, breakage] as const),
);

test.each(atNight(named))("a program that %s fails the check", async (_, breakage) => {
  await using program = await programOf(breakage.body);
  const { passed, failed, cases } = await check(program, [breakage.case]);
  expect({ passed, failed }).toEqual({ passed: 0, failed: 1 });
  const failure = cases[0]?.failure;
  expect(failure?.did).toMatch(breakage.did);
  const { must, section } = RULES[breakage.rule];
  expect(failure).toMatchObject({ must, where: `docs/drivers.md, "${section}"` });
});
