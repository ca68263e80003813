import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";

/** How a run of .ci/stages.sh ends: the end of a long output alone has to name what failed. */
const checkout = fileURLToPath(new URL("../..", import.meta.url));

/** What `finish` prints about stages with these counts and logs, and its exit code. */
async function ending(stages: Record<string, { counts: string; log?: string }>) {
  await using folder = await temporaryFolder();
  await mkdir(join(folder.path, "counts"));
  for (const [name, { counts, log }] of Object.entries(stages)) {
    await writeFile(join(folder.path, "counts", name), `${counts}\n`);
    if (log !== undefined) await writeFile(join(folder.path, `${name}.log`), log);
  }
  const script = `source .ci/stages.sh; logs=$1; status=0; (finish) || status=$?; echo "exit $status"`;
  const text = execFileSync("bash", ["-euo", "pipefail", "-c", script, "bash", folder.path], {
    cwd: checkout,
    encoding: "utf8",
  });
  return text
    .trim()
    .split("\n")
    .filter((line) => !line.startsWith("That took"));
}

test("each failure is named once, without colours, and the sum is the last line", async () => {
  const lines = await ending({
    check: { counts: "1 0", log: "Error: of a stage that passed\n" },
    test: {
      counts: "20 2",
      log: [
        "\u001B[31m FAIL \u001B[39m  db  test/a.db.test.ts > one",
        "AssertionError: expected 1 to be 2",
        " FAIL   db  test/a.db.test.ts > one",
        "  an ordinary line that says Error: somewhere",
        "20 passed, 2 failed",
      ].join("\n"),
    },
    accept: { counts: "3 1", log: "  FAIL   2.0 s ann gets a machine\n               because: no answer\n" },
    "leftovers of computing": { counts: "0 1" },
  });
  expect(lines).toEqual([
    "failed: accept (1)",
    "    FAIL   2.0 s ann gets a machine",
    "failed: leftovers of computing (1)",
    "failed: test (2)",
    "   FAIL   db  test/a.db.test.ts > one",
    "  AssertionError: expected 1 to be 2",
    "24 passed, 4 failed",
    "exit 1",
  ]);
});

test("a stage with very many failures does not push the others off the screen", async () => {
  const log = Array.from({ length: 500 }, (_, index) => ` FAIL  test ${index} ${"x".repeat(500)}`).join("\n");
  const lines = await ending({ test: { counts: "0 500", log } });
  expect(lines).toHaveLength(43);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(210);
});

test("nothing is named where nothing failed", async () => {
  expect(await ending({ test: { counts: "3 0", log: " FAIL  in a text of a test\n" } })).toEqual([
    "3 passed, 0 failed",
    "exit 0",
  ]);
});
