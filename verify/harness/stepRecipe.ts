import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * A recipe that keeps count: each step notes its start and its end in a file of the tester's home, so that what ran
 * twice, or never ended, can be read there afterwards.
 */
export const STEPS = 5;
const SECONDS_A_STEP = 4;
export const NOTES = "steps-noted";
export const STEP_RECIPE = "counted-steps";

/** Writes the recipe as a folder that `npx warmpool recipe push` takes. */
export async function writeStepRecipe(folder: string, secondsAStep = SECONDS_A_STEP): Promise<string> {
  const target = join(folder, STEP_RECIPE);
  await mkdir(target);
  const numbers = Array.from({ length: STEPS }, (_, index) => index + 1);
  for (const n of numbers) await writeFile(join(target, `step-${n}.sh`), scriptOf(n, secondsAStep));
  const steps = numbers.map((n) => ({
    id: `step-${n}`,
    title: `Count to ${n}`,
    script: `step-${n}.sh`,
    timeoutSeconds: 60,
  }));
  await writeFile(
    join(target, "recipe.json"),
    JSON.stringify({ name: STEP_RECIPE, params: {}, steps }, null, 2),
  );
  return target;
}

function scriptOf(n: number, seconds: number): string {
  return `set -eu
notes=$WARMPOOL_HOME/${NOTES}
echo "start ${n}" >>"$notes"
sleep ${seconds}
echo "end ${n}" >>"$notes"
`;
}

/**
 * Compares the notes with what one undisturbed run would have left.
 * @throws Error with the notes where a step has not exactly one start and one end, or the order is another.
 */
export function checkNotes(notes: string): void {
  const expected = Array.from({ length: STEPS }, (_, index) => `start ${index + 1}\nend ${index + 1}\n`).join(
    "",
  );
  if (notes !== expected) throw new Error(`the steps were noted as: ${notes.trim().replaceAll("\n", ", ")}`);
}
