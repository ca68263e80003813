import { expect, test } from "vitest";
import * as z from "zod";
import { readLimits } from "../../src/api/limits.ts";
import { procedures } from "../../src/api/procedures.ts";
import { sayIssues } from "../../src/contract/issues.ts";
import { poolSpec } from "../../src/contract/pool.ts";
import { recipe } from "../../src/contract/recipe.ts";
import { readSecretKeys } from "../../src/domain/secrets/keys.ts";
import { readWebhook } from "../../src/domain/webhook/receiver.ts";

/** Whatever a person writes and a schema refuses: the field, what it must be, an example; no words of zod's. */
const INNER =
  /Invalid (input|option|string)|received |Unrecognized|Too (small|big)|undefined|expected|\bNaN\b|: :/;

const said = (schema: z.ZodType, value: unknown): string => {
  const parsed = schema.safeParse(value);
  return parsed.success ? "taken" : sayIssues(parsed.error);
};

const spec = { name: "demo", targetSize: 1, maxSize: 2 };
const TABLE: [what: string, schema: z.ZodType, value: unknown, words: string][] = [
  ["nothing", z.strictObject({ username: z.string() }), undefined, "input: is missing; it must be an object"],
  ["a list", poolSpec, [], "input: must be an object"],
  [
    "no shape",
    poolSpec,
    spec,
    'shape: is missing; it must be an object, such as {"vcpus":2,"memoryMib":2048,"diskGib":20}',
  ],
  ["text for a number", poolSpec, { ...spec, targetSize: "3" }, "targetSize: must be a number, such as 3"],
  ["half a machine", poolSpec, { ...spec, targetSize: 0.5 }, "targetSize: must be a whole number, such as 3"],
  ["too few", poolSpec, { ...spec, targetSize: -1 }, "targetSize: must be at least 0, such as 3"],
  [
    "a typo in a part",
    poolSpec,
    { ...spec, shape: { vcpus: 1, memoryMib: 512, diskGib: 1, memory: 1 } },
    "shape.memory: unknown field; remove it or check its spelling",
  ],
  [
    "no such kind",
    poolSpec,
    { ...spec, instanceType: "vm" },
    'instanceType: must be one of "virtual-machine", "container"',
  ],
  [
    "no steps",
    recipe,
    { name: "r" },
    'steps: is missing; it must be a list, such as [{"id":"install","title":"Install","script":"install.sh","timeoutSeconds":600}]',
  ],
  [
    "a bad name of a parameter",
    recipe,
    { name: "r", params: { "1a": {} }, steps: [] },
    "params.1a: must be an object with valid names: a name must be letters, digits or _, not starting with a digit; at most 64 characters",
  ],
];

test.each(TABLE)("%s", (_, schema, value, words) => {
  expect(said(schema, value)).toContain(words);
});

const schemas = procedures().flatMap(({ path, input }) =>
  input instanceof z.ZodObject ? [{ path, input }] : [],
);

test("there is an input for most procedures", () => {
  expect(schemas.length).toBeGreaterThan(20);
});

test.each(schemas)("$path: nothing it refuses is said in the words of zod", ({ input }) => {
  const wrongs = [undefined, null, 7.5, -1, "", "no such thing ¤", [], {}, ["x"], { surplus: 1 }, true];
  for (const whole of [undefined, null, [], "text"]) expect(said(input, whole)).not.toMatch(INNER);
  for (const name of [...Object.keys(input.shape), "surplus"]) {
    for (const wrong of wrongs) {
      const words = said(input, { [name]: wrong });
      expect(words, `${name}: ${JSON.stringify(wrong)}`).not.toMatch(INNER);
    }
  }
});

test("a setting of the environment that is wrong is said by its name, with what it must be", () => {
  const { problems } = readLimits(() => "many");
  expect(problems.length).toBeGreaterThan(0);
  for (const problem of problems)
    expect(problem).toMatch(/^WARMPOOL_[A-Z_]+ is many; it must be a whole number/);
  expect(readWebhook("ftp://x", undefined)).toMatchObject({
    problem: expect.stringMatching(/^WARMPOOL_WEBHOOK_/) as string,
  });
  expect(readSecretKeys("short")).toMatchObject({
    problem: expect.stringMatching(/^WARMPOOL_SECRET_KEY .*openssl rand/) as string,
  });
});
