/**
 * What a test does again with other seeds, runs or runtimes, and is too long for every change: the nightly run does all
 * of it (`.ci/nightly` sets WARMPOOL_TEST_NIGHTLY=1), every other run the first of it.
 */
export function atNight<T>(all: readonly T[]): readonly T[] {
  return process.env["WARMPOOL_TEST_NIGHTLY"] === "1" ? all : all.slice(0, 1);
}
