import { expect, test } from "vitest";
import { progress } from "../../../src/contract/progress.ts";
import { CALL_BYTES } from "../../../src/relay/session/renewer.ts";
import { LineCutter } from "../../../src/relay/setup/lines.ts";
import { MAX_ALL, MAX_OUTPUTS } from "../../../src/relay/setup/outputs.ts";
import { SetupReporter } from "../../../src/relay/setup/reporter.ts";
import { TestLease } from "../helpers/lease.ts";

/** What a reporter tells of one chunk of the log after the other. */
async function tell(
  chunks: string[],
  { offset = 0, secrets = [] as string[] } = {},
): Promise<TestLease["told"]> {
  const lease = new TestLease();
  const reporter = new SetupReporter(lease, ["Account", "One", "Two", "Hand over"], offset, secrets);
  const cutter = new LineCutter();
  for (const chunk of chunks) {
    reporter.read(cutter.feed(Buffer.from(chunk)));
    await reporter.flush();
  }
  return lease.told;
}

const steps = (told: TestLease["told"]): unknown[] =>
  told.map(
    (progress) => progress.kind === "setup" && progress.step && [progress.step.step, progress.step.percent],
  );

test("tells the step, outputs and log of each chunk, and nothing where there is no news", async () => {
  const told = await tell([
    "::warmpool run-start r 1\n::warmpool step-start 2 1\nhello\n::output a=1\n",
    "",
    "hal",
    "f\n",
  ]);
  expect(told).toEqual([
    {
      kind: "setup",
      step: { step: 2, steps: 4, title: "One", percent: 0 },
      outputs: { a: "1" },
      log: { offset: 0, end: 70, text: "== 00:00:01 UTC step 2 of 4: One\nhello\n" },
    },
    {
      kind: "setup",
      step: { step: 2, steps: 4, title: "One", percent: 0 },
      log: { offset: 70, end: 75, text: "half\n" },
    },
  ]);
});

test("never goes back, whatever another run of the same assignment does", async () => {
  const told = await tell([
    "::warmpool run-start r 1\n::warmpool step-start 3 1\n::progress 50\n",
    "::warmpool run-start other 1\n::warmpool step-start 1 1\n",
    "::warmpool step-start 3 1\n::progress 20\n",
    "::progress 60\n",
  ]);
  expect(steps(told)).toEqual([
    [3, 50],
    [3, 50],
    [3, 50],
    [3, 60],
  ]);
});

test("never goes back, also where it tells of the moment between two runs", async () => {
  const told = await tell([
    "::warmpool run-start r 1\n::warmpool step-start 3 1\n::progress 50\n",
    "::warmpool run-start other 1\n",
    "::warmpool step-start 1 1\n",
    "::warmpool step-start 3 1\n::progress 60\n",
  ]);
  expect(steps(told)).toEqual([[3, 50], undefined, [3, 50], [3, 60]]);
});

test("12,000 outputs: bounded in number and size, said to be cut off, and read in linear time", async () => {
  const outputs = (count: number) =>
    Array.from(
      { length: count },
      (_, n) => `::output o${n}=${"\u0001\u{1F600}".repeat(n % 1000 < 20 ? 1500 : 1)}\n`,
    );
  const took = (count: number): number => {
    const reporter = new SetupReporter(new TestLease(), ["Account", "Hand over"], 0, ["hunter22"]);
    const log = Buffer.from(outputs(count).join(""));
    const began = performance.now();
    reporter.read(new LineCutter().feed(log));
    return performance.now() - began;
  };
  const told = await tell(outputs(12_000));
  for (const report of told) {
    expect(progress.safeParse(JSON.parse(JSON.stringify(report))).success).toBe(true);
    expect(Buffer.byteLength(JSON.stringify(report))).toBeLessThan(CALL_BYTES);
  }
  const sent = told.flatMap((report) => (report.kind === "setup" ? [report] : []));
  const last = sent.findLast((report) => report.outputs !== undefined)?.outputs ?? {};
  expect(Object.keys(last).length).toBeGreaterThan(5);
  expect(Object.keys(last).length).toBeLessThanOrEqual(MAX_OUTPUTS);
  expect(JSON.stringify(last).length).toBeLessThan(MAX_ALL + 10 * MAX_OUTPUTS);
  expect(JSON.stringify(last)).not.toMatch(/\\|\p{Cc}|\p{Cs}/u);
  expect(sent.map(({ log }) => log?.text ?? "").join("")).toContain("output o11999 truncated");
  expect(took(8000)).toBeLessThan(12 * took(1000) + 500);
});

test("a secret is in no piece of the log, nor in an output, nor in the last words", async () => {
  const lease = new TestLease();
  const reporter = new SetupReporter(lease, ["Account", "Hand over"], 0, ["hunter22"]);
  const printed = [
    "::output url=http://x/?key=hunter22",
    "::progress 50 with hunter22",
    "the password is hunter22",
  ];
  reporter.read(new LineCutter().feed(Buffer.from(`${printed.join("\n")}\n`)));
  await reporter.flush();
  expect(reporter.lastLines.at(-1)).toBe("the password is ***");
  expect(reporter.outputs).toEqual({ url: "http://x/?key=***" });
  expect(JSON.stringify(lease.told)).not.toContain("hunter22");
});

test("two that flush at once send every piece once", async () => {
  const lease = new TestLease();
  const reporter = new SetupReporter(lease, ["Account", "Hand over"], 0, []);
  const cutter = new LineCutter();
  reporter.read(cutter.feed(Buffer.from(`${"x".repeat(10_000)}\n`.repeat(12))));
  await Promise.all([reporter.flush(), reporter.flush(), reporter.tell()]);
  const pieces = lease.told.flatMap((told) =>
    told.kind === "setup" && told.log !== undefined ? [told.log] : [],
  );
  expect(pieces.length).toBeGreaterThan(1);
  expect(pieces.map((piece) => piece.offset)).toEqual([0, ...pieces.slice(0, -1).map((piece) => piece.end)]);
  expect(pieces.map((piece) => piece.text).join("")).toHaveLength(12 * 10_001);
});
