import { exampleOf } from "./examples.ts";
import { own } from "./own.ts";

/** An issue of zod's, of those that it has: only what its sort says is there. */
type Issue = {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly code?: string | undefined;
  readonly expected?: string | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly values?: readonly unknown[] | undefined;
  readonly origin?: string | undefined;
  readonly minimum?: number | bigint | undefined;
  readonly maximum?: number | bigint | undefined;
  readonly format?: string | undefined;
  readonly errors?: readonly (readonly Issue[])[] | undefined;
  readonly issues?: readonly Issue[] | undefined;
};

/** Nobody reads more of it, and a name in it may be as long as a body. */
const LONGEST = 2000;
const SHOWN = 5;

/**
 * What a schema refuses, for whoever wrote it: `sshKeys[1]: is a private key; …`, the field, what it must be and an
 * example, one sentence an issue, five at most. The words of our own schemas stay; zod's are about types.
 */
export function sayIssues({ issues }: { readonly issues: readonly object[] }): string {
  return problemsOf(issues)
    .slice(0, SHOWN)
    .map(({ path, words }) => `${fieldName(path) || "input"}: ${words}`)
    .join("; ")
    .slice(0, LONGEST);
}

/** The same, apart: for texts that name the field in a way of their own. Unknown fields are one problem each. */
export function problemsOf(issues: readonly object[]): { path: readonly PropertyKey[]; words: string }[] {
  return (issues as readonly Issue[]).flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? (issue.keys ?? []).map((key) => ({
          path: [...issue.path, key],
          words: "unknown field; remove it or check its spelling",
        }))
      : [{ path: issue.path, words: wordsOf(issue) }],
  );
}

/** A path as one writes it: `steps[1].title`. */
export function fieldName(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === "number" ? `${text}[${part}]` : text === "" ? String(part) : `${text}.${String(part)}`,
    "",
  );
}

function wordsOf(issue: Issue): string {
  if (!isZods(issue.message)) return issue.message;
  const must = mustBe(issue);
  const missing = issue.code === "invalid_type" && issue.message.endsWith("received undefined");
  // All values that there are need no example, and the example of a field of that name may be of another set.
  const example = issue.code === "invalid_value" ? "" : suchAs(issue.path);
  return `${missing ? "is missing; it must be" : "must be"} ${must}${example}`;
}

/** Words that zod makes where a schema of ours has none. */
function isZods(message: string): boolean {
  return /^(Invalid |Too (small|big): |Unrecognized key|Not a )/.test(message);
}

function mustBe(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return own(KINDS, issue.expected ?? "") ?? `of another type (${issue.expected ?? "unknown"})`;
    case "too_small":
      return bounded(issue.origin, "at least", issue.minimum);
    case "too_big":
      return bounded(issue.origin, "at most", issue.maximum);
    case "invalid_value":
      return oneOf(issue.values ?? []);
    case "invalid_format":
      return own(FORMATS, issue.format ?? "") ?? `in the format ${issue.format ?? "required"}`;
    case "invalid_union":
      return (
        [...new Set((issue.errors ?? []).flatMap((branch) => branch.slice(0, 1).map(mustBe)))].join(
          ", or ",
        ) || "one of the allowed forms"
      );
    case "invalid_key":
      return `an object with valid names: a name ${issue.issues?.[0]?.message ?? "is invalid"}`;
    default:
      return "something else";
  }
}

const KINDS: Record<string, string> = {
  array: "a list",
  boolean: "true or false",
  int: "a whole number",
  nonoptional: "given",
  number: "a number",
  object: "an object",
  record: "an object",
  string: "text",
};

const FORMATS: Record<string, string> = {
  datetime: "a time such as 2026-11-30T12:00:00Z",
  url: "a URL such as https://warmpool.example.com",
  uuid: "an id (a UUID, as shown in lists)",
};

function bounded(origin: string | undefined, least: string, bound: number | bigint | undefined): string {
  if (origin === "string") return `text of ${least} ${bound} characters`;
  if (origin === "array") return `a list of ${least} ${bound}`;
  return `${least} ${bound}`;
}

function oneOf(values: readonly unknown[]): string {
  const shown = values.map((value) => JSON.stringify(value));
  return shown.length === 1 ? (shown[0] ?? "") : `one of ${shown.join(", ")}`;
}

/** By the last name of the path: what stands in a list is said by the list's. */
function suchAs(path: readonly PropertyKey[]): string {
  const name = path.findLast((part) => typeof part === "string");
  const example = typeof name === "string" ? exampleOf(name) : undefined;
  if (example === undefined) return "";
  const one = typeof path.at(-1) === "number" && Array.isArray(example) ? (example[0] as unknown) : example;
  return `, such as ${JSON.stringify(one)}`;
}
