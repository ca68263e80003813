import { randomBytes } from "node:crypto";

/**
 * A text that is planted somewhere and looked for everywhere. Every value made of it holds the same mark, which nothing
 * else in the world has, so one search finds all of them, as they are, in base64 and in hex.
 */
export class Planted {
  readonly #mark = `planted-${randomBytes(12).toString("hex")}`;
  readonly #needles = needlesOf(this.#mark);

  /** A value of a length of its own, so that it lies at another place of a base64 text. */
  value(name: string): string {
    return `${name}:${this.#mark}:${name}`;
  }

  /** The first form in which the bytes hold it, null where they hold none. */
  in(bytes: Buffer): string | null {
    return this.#needles.find(({ needle }) => bytes.includes(needle))?.form ?? null;
  }

  /** What finds it for `grep -F`, one a line. */
  patterns(): string {
    return this.#needles.map(({ needle }) => `${needle.toString("latin1")}\n`).join("");
  }
}

type Needle = { form: string; needle: Buffer };

function needlesOf(mark: string): Needle[] {
  const hex = Buffer.from(mark).toString("hex");
  return [
    { form: "as it is", needle: Buffer.from(mark) },
    ...[0, 1, 2].map((shift) => ({ form: "in base64", needle: base64Within(mark, shift) })),
    { form: "in hex", needle: Buffer.from(hex) },
    { form: "in hex", needle: Buffer.from(hex.toUpperCase()) },
  ];
}

/** What is the same in the base64 of any text that holds the mark, so many bytes behind a multiple of three. */
function base64Within(mark: string, shift: number): Buffer {
  const text = Buffer.from("\0".repeat(shift) + mark).toString("base64");
  const first = Math.ceil((shift * 4) / 3);
  const whole = Math.floor((shift + mark.length) / 3) * 4;
  return Buffer.from(text.slice(first, whole));
}
