import { expect, test } from "vitest";
import { assignInput } from "../../../src/contract/assignment.ts";
import { type Recipe, recipe } from "../../../src/contract/recipe.ts";
import { WarmpoolError } from "../../../src/domain/core/errors.ts";
import { checkParams, checkPatterns } from "../../../src/domain/recipes/params.ts";
import { recipesOfProject } from "../../helpers/recipes.ts";

const of = (pattern: string): Recipe["params"] => ({ value: { pattern } });
const refusal = (params: Recipe["params"]): string => {
  try {
    checkPatterns(params);
    return "";
  } catch (error) {
    return error instanceof WarmpoolError && error.code === "BAD_REQUEST" ? error.message : String(error);
  }
};

test.each([
  ["([a-z0-9]+-?)+(\\.[a-z]+)*", `${"a".repeat(32)}!`],
  ["(a+)+", `${"a".repeat(16_000)}!`],
  ["a*a*a*b", "a".repeat(2500)],
  ["(a|a)*b", "a".repeat(16_000)],
  ["(.*)*x", "a".repeat(16_000)],
  ["(?:a?){100}a{100}", "a".repeat(99)],
  ["\\s*(\\w+\\s*)+;", "word ".repeat(3000)],
  ["(x+x+)+y", "x".repeat(16_000)],
  ["[ab]*a[ab]{450}[ab]?", `${"ab".repeat(2700)}c`],
  ["(?:(?:[ab]*a[ab]{900})|q)", `${"ab".repeat(1300)}c`],
  ["(.?){600}", "é".repeat(1000)],
])("a value is judged by the pattern %s in no time", (pattern, value) => {
  expect(refusal(of(pattern))).toBe("");
  const began = performance.now();
  expect(checkParams(of(pattern), { value })).toMatchObject({ code: "BAD_REQUEST" });
  expect(performance.now() - began).toBeLessThan(1500);
});

test("the whole value has to match, and only where it does it is taken", () => {
  const params = of("a|b+\\x{1F600}");
  expect(checkParams(params, { value: "bb\u{1F600}" })).toEqual({ value: "bb\u{1F600}" });
  for (const value of ["ab", "xa", "a\n", "b", ""])
    expect(checkParams(params, { value })).toMatchObject({ code: "BAD_REQUEST" });
});

test.each([
  ["(?=a)b", /look-around/],
  ["(?<!a)b", /look-around/],
  ["(a)\\1", /back references/],
  ["a{1,2000}", /counts up to 1000/],
  ["\\u{1F600}", /\\x\{1F600\}/],
  ["(", /missing closing \)/],
  ["a)|(b", /unexpected \)/],
  ["(?:a{1,50}){1,20}b{1,900}", /too large/],
])("the pattern %s is refused when the recipe is put, in a sentence that names it", (pattern, why) => {
  expect(refusal(of(pattern))).toMatch(/^params\.value\.pattern: is /);
  expect(refusal(of(pattern))).toMatch(why);
  // One that was stored before says the same to whoever asks for a machine.
  expect(checkParams(of(pattern), { value: "b" })).toMatchObject({ code: "BAD_REQUEST" });
});

test("many patterns together are bounded like one", () => {
  const many = Object.fromEntries(
    Array.from({ length: 10 }, (_, n) => [`p${n}`, { pattern: "[a-z]{1,600}" }]),
  );
  expect(refusal(many)).toMatch(/^params: their patterns compile to/);
  const steps = [{ id: "a", title: "A", script: "true", timeoutSeconds: 1 }];
  const params = Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`p${n}`, {}]));
  expect(recipe.safeParse({ name: "r", params, steps }).error?.issues[0]?.message).toMatch(/100 parameters/);
  const five = Object.fromEntries(Object.entries(many).slice(0, 5));
  const long = Object.fromEntries(Object.keys(five).map((name) => [name, "a".repeat(599)]));
  expect(checkParams(five, long)).toMatchObject({
    message: expect.stringMatching(/too long for the recipe's pattern/),
  });
});

test("the recipes that come with Warmpool are taken", () => {
  for (const one of recipesOfProject()) expect(refusal(one.params)).toBe("");
});

const NAMES = Object.getOwnPropertyNames(Object.prototype).filter((name) => name !== "__proto__");

test.each(NAMES)("a parameter named %s is one like any other", (name) => {
  const steps = [{ id: "a", title: "A", script: "true", timeoutSeconds: 1 }];
  const declared = recipe.parse({ name: "r", params: { [name]: {} }, steps }).params;
  const asked = assignInput.shape.params.parse({ [name]: "given" });
  expect(checkParams(declared, {})).toEqual({});
  expect(checkParams(declared, asked ?? {})).toEqual({ [name]: "given" });
  expect(checkParams({ [name]: { required: true } }, {})).toMatchObject({ code: "BAD_REQUEST" });
  expect(checkParams({}, asked ?? {})).toMatchObject({ code: "BAD_REQUEST" });
});

test("a parameter named __proto__ is refused, and never lost without a word", () => {
  const text = '{"name": "r", "params": {"__proto__": {}}, "steps": []}';
  expect(recipe.safeParse(JSON.parse(text)).error?.issues[0]?.message).toBe(
    "__proto__ is not allowed as a name",
  );
  const params: unknown = JSON.parse('{"__proto__": "x"}');
  expect(assignInput.shape.params.safeParse(params).error?.issues[0]?.message).toBe(
    "__proto__ is not allowed as a name",
  );
});
