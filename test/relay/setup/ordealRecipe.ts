import { expect } from "vitest";
import type { Recipe } from "../../../src/client/index.ts";
import type { System } from "../helpers/system.ts";
import { spoken } from "./spoken.ts";

/** The recipe of the ordeal (everything.ts), whose steps note on the machine what they do, and what must stand there in the end. */
export const STEPS = ["one", "two", "three", "four", "five"];
const LINES = 20;
/** What tells one boot of a machine from the next; local ones share the kernel, and its id, with this host. */
export const BOOT = {
  incus: "cat /proc/sys/kernel/random/boot_id",
  local: "cut -d ' ' -f 22 /proc/1/stat",
};

/** Each step notes `start|end STEP BOOT PID`, and prints numbered lines that carry the boot they were printed in; the last waits for /root/go. */
export function recipeOf({ driver, seconds }: { driver: keyof typeof BOOT; seconds: number }): Recipe {
  const pause = seconds / STEPS.length / LINES;
  return {
    name: "ordeal",
    params: {},
    steps: STEPS.map((id) => ({
      id,
      title: `Do ${id}`,
      timeoutSeconds: 600,
      script: `set -eu
boot=$(${BOOT[driver]})
echo "start ${id} $boot $$" >>/root/trace
for line in $(seq 1 ${LINES}); do
  echo "${id} $boot $line"
  echo "::progress $((line * 100 / ${LINES}))"
  sleep ${pause}
done
${id === STEPS.at(-1) ? "until [ -f /root/go ]; do sleep 0.2; done" : ""}
echo "end ${id} $boot $$" >>/root/trace
`,
    })),
  };
}

/** One end a step, by the process of its last start; a second start only of a step that the switching off has ended. */
export function expectEachEndedOnce(trace: string[][], before: string, after: string): void {
  const again = STEPS.filter((id) => trace.filter(([what, of]) => what === "start" && of === id).length > 1);
  expect(again.length).toBeLessThanOrEqual(1);
  const expected = STEPS.flatMap((id) => [
    ...(again.includes(id) ? [["start", id]] : []),
    ["start", id],
    ["end", id],
  ]);
  expect(trace.map(([what, of]) => [what, of])).toEqual(expected);
  for (const id of again) {
    const boots = trace.filter(([what, of]) => what === "start" && of === id).map(([, , boot]) => boot);
    expect(boots).toEqual([before, after]);
  }
  for (const [index, [what, , ...process]] of trace.entries()) {
    if (what === "end") expect(process).toEqual(trace[index - 1]?.slice(2));
  }
}

/** What the edge has is what stands on the machine, and of each step's last run every line is in it once. */
export async function expectWholeLog(
  { client }: System,
  username: string,
  trace: string[][],
  onMachine: string,
): Promise<void> {
  const { text, done } = await client.tester.log.query({ username });
  const printed = onMachine.split("\n").filter((line) => line !== "" && !line.startsWith("::"));
  expect(done).toBe(true);
  expect(spoken(text).trimEnd().split("\n")).toEqual(printed);
  for (const [, id, boot] of trace.filter(([what]) => what === "end")) {
    const lines = printed.filter((line) => line.startsWith(`${id} ${boot} `));
    expect(lines).toEqual(Array.from({ length: LINES }, (_, index) => `${id} ${boot} ${index + 1}`));
  }
}
