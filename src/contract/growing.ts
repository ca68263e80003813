/**
 * The wait before one more try: the first, twice as long after each, and never longer than `most`. In whatever unit the
 * first one is.
 * @param tries how many waits there were before it
 */
export function growing(first: number, most: number, tries: number, factor = 2): number {
  return Math.min(most, first * factor ** tries);
}
