/** Whether this is the nightly run: `.ci/nightly` sets WARMPOOL_TEST_NIGHTLY=1. */
export const isNight = process.env["WARMPOOL_TEST_NIGHTLY"] === "1";

/** What a test does again with other seeds, runs or runtimes: at night all of it, in every other run the first. */
export function atNight<T>(all: readonly T[]): readonly T[] {
  return isNight ? all : all.slice(0, 1);
}
