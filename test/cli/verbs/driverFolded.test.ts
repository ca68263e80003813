import { expect, test } from "vitest";
import { firstSaid, folded } from "../../../src/cli/verbs/driver.ts";
import type { CaseResult } from "../../../src/relay/conformance/check.ts";
import { failureOf } from "../../../src/relay/drivers/exec/failures.ts";

/** What `driver check` prints of failures that are the same one. */
const TRACEBACK = `Traceback (most recent call last):
  File "/opt/driver", line 17, in <module>
    call(wp-check-12345678)
ConnectionRefusedError: [Errno 111] Connection refused`;

test("a traceback is shown once, and then named by the case that had it", () => {
  const before = firstSaid();
  const one = failed("shown", TRACEBACK);
  // Of another machine, and a line further down: the same one to whoever reads it.
  const two = failed("list", TRACEBACK.replace("12345678", "9abcdef0").replace("line 17", "line 18"));
  const other = failed("get", TRACEBACK.replace("Connection refused", "No route to host"));
  expect(folded(one, before)).toEqual(one);
  expect(folded(two, before).failure?.did).toBe(
    "list of /opt/driver exited with 1: (the same output as in the case shown)",
  );
  expect(folded(other, before)).toEqual(other);
});

test("what is short is shown each time", () => {
  const before = firstSaid();
  for (const id of ["get", "put"]) {
    const short = failed(id, "no quota");
    expect(folded(short, before)).toEqual(short);
  }
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
  const did = `${id} of /opt/driver exited with 1: ${said}`;
  const failure = { did, must: "It must.", where: "docs/drivers.md", said };
  return { id, title: id, proves: "", outcome: "failed", seconds: 1, note: null, failure };
}
