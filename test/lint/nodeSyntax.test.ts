import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync } from "oxc-parser";
import { expect, test } from "vitest";

/**
 * Node runs these folders as they are written and takes nothing but types away. It does not know `using` yet, which
 * vitest rewrites: code with it passes every test that imports it, and no program of it starts.
 */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const RUN_BY_NODE = ["src", "scripts", "examples", "verify"];

function usings(name: string, text: string): string[] {
  const { program } = parseSync(name, text);
  const found: string[] = [];
  JSON.stringify(program, (_, value: unknown) => {
    if (typeof value === "object" && value !== null && "kind" in value && "declarations" in value)
      if (value.kind === "using" || value.kind === "await using") found.push(`${name}: ${value.kind}`);
    return value;
  });
  return found;
}

test("programs that Node runs from their sources: none has a `using` declaration", () => {
  const files = RUN_BY_NODE.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => join(folder, name)),
  ).filter((name) => readFileSync(join(ROOT, name), "utf8").includes("using "));
  expect(files.flatMap((name) => usings(name, readFileSync(join(ROOT, name), "utf8")))).toEqual([]);
});

test.each(["using a = b();", "async function f() { await using a = b(); }"])(
  "`%s` would be found",
  (text) => {
    expect(usings("x.ts", text)).toHaveLength(1);
  },
);
