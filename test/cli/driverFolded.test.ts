import { expect, test } from "vitest";
import { folded } from "../../src/cli/driver.ts";
import type { CaseResult } from "../../src/relay/conformance/check.ts";
import { failureOf } from "../../src/relay/drivers/exec/failures.ts";

/** What `driver check` prints of failures that are the same one. */
const TRACEBACK = `Traceback (most recent call last):
  File "/opt/driver", line 17, in <module>
    call(wp-check-12345678)
ConnectionRefusedError: [Errno 111] Connection refused`;

test("a traceback is shown once, and then named by the case that had it", () => {
  const seen = new Map<string, string>();
  const before = (said: string, id: string) => {
    const first = seen.get(said.replace(/wp-check-\w+/, "")) ?? null;
    if (first === null) seen.set(said.replace(/wp-check-\w+/, ""), id);
    return first;
  };
  const [one, two, other] = [
    failed("shown", TRACEBACK),
    failed("list", TRACEBACK),
    failed("get", "no quota"),
  ];
  expect(folded(one, before)).toEqual(one);
  expect(folded(two, before).failure?.did).toBe(
    "list of /opt/driver ended with exit 1: (the program said the same as in the case shown)",
  );
  expect(folded(other, before)).toEqual(other);
  expect(folded(failed("put", "no quota"), before).failure?.did).toContain("no quota");
});

test("what a program said is kept apart from the sentence about it", () => {
  const about = {
    command: "list" as const,
    doing: "list of /opt/driver",
    timeoutSeconds: 5,
    hide: (text: string) => text,
  };
  const ran = { code: 1, by: null, cut: null, stdout: "", stderr: TRACEBACK };
  expect(failureOf(about, ran)).toMatchObject({
    said: TRACEBACK,
    message: expect.stringContaining(TRACEBACK) as string,
  });
  expect(failureOf(about, { ...ran, stderr: " " })).toMatchObject({ said: null });
});

function failed(id: string, said: string): CaseResult {
  const did = `${id} of /opt/driver ended with exit 1: ${said}`;
  const failure = { did, must: "It must.", where: "docs/drivers.md", said };
  return { id, title: id, proves: "", outcome: "failed", seconds: 1, note: null, failure };
}
