/**
 * Says what is being shown while it goes, 80 columns wide, and counts. A check that fails ends its part: what comes
 * after it builds on it, and would only fail for the same reason.
 */
const WIDTH = 80;
const INDENT = 15;

export class PartFailed extends Error {}

export class Report {
  #passed = 0;
  #failed = 0;
  readonly #startedAt = performance.now();

  get failed(): number {
    return this.#failed;
  }

  heading(text: string): void {
    console.log(`\n${text}`);
  }

  /** Something measured, or a thing worth knowing, that is no check. */
  note(text: string): void {
    for (const line of wrap(text, WIDTH - INDENT)) console.log(" ".repeat(INDENT) + line);
  }

  /**
   * One thing shown. It holds where `look` returns; a text that it returns is printed as what was measured.
   * @throws PartFailed where it throws.
   */
  async check<T>(name: string, look: () => T | Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      const seen = await look();
      this.#passed += 1;
      this.#line("ok", startedAt, name);
      if (typeof seen === "string") this.note(seen);
      return seen;
    } catch (error) {
      this.#failed += 1;
      this.#line("FAIL", startedAt, name);
      for (const line of explain(error)) this.note(line);
      throw new PartFailed(name);
    }
  }

  /** A part that broke outside of any check counts as one failure. */
  broke(error: unknown): void {
    if (error instanceof PartFailed) return;
    this.#failed += 1;
    console.log("  FAIL         the part broke");
    for (const line of explain(error)) this.note(line);
  }

  /** The last line, in the form that every suite of the project ends with. */
  summary(): void {
    console.log(`\nThat took ${Math.round((performance.now() - this.#startedAt) / 1000)} s.`);
    console.log(`${this.#passed} passed, ${this.#failed} failed`);
  }

  #line(verdict: string, startedAt: number, name: string): void {
    const took = `${((performance.now() - startedAt) / 1000).toFixed(1)} s`;
    const [first = "", ...rest] = wrap(name, WIDTH - INDENT);
    console.log(`  ${verdict.padEnd(4)}${took.padStart(8)} ${first}`);
    for (const line of rest) console.log(" ".repeat(INDENT) + line);
  }
}

/** The message, then those of what caused it. */
function explain(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  const { cause } = error;
  return [
    ...error.message.split("\n"),
    ...(cause === undefined ? [] : explain(cause).map((line) => `because: ${line}`)),
  ];
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length <= width) {
      line = longer;
      continue;
    }
    if (line !== "") lines.push(line);
    line = word;
  }
  return [...lines, line];
}
