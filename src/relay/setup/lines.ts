/**
 * Cuts the bytes of a growing log into lines, the same way however they arrive. A line that does not end is cut at
 * MAX_LINE bytes, at the start of a UTF-8 character, so that every cut is a place where a log piece may end.
 */
export const MAX_LINE = 16 * 1024;

/** `end` is the byte of the log after it; `newline` is false where the line goes on or the log ended in it. */
export type Line = { text: string; start: number; end: number; newline: boolean };

export class LineCutter {
  #rest: Buffer = Buffer.alloc(0);
  #at = 0;

  /** The lines that are complete with `bytes`, which follow what was fed before. */
  feed(bytes: Buffer): Line[] {
    let buffer = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    const lines: Line[] = [];
    for (;;) {
      const newline = buffer.subarray(0, MAX_LINE).indexOf(0x0a);
      if (newline === -1 && buffer.length < MAX_LINE + 1) break;
      const length = newline === -1 ? boundary(buffer, MAX_LINE) : newline + 1;
      lines.push(this.#line(buffer.subarray(0, length), newline !== -1));
      buffer = buffer.subarray(length);
    }
    this.#rest = Buffer.from(buffer);
    return lines;
  }

  /** What is left when no more can come. */
  end(): Line[] {
    if (this.#rest.length === 0) return [];
    const line = this.#line(this.#rest, false);
    this.#rest = Buffer.alloc(0);
    return [line];
  }

  #line(bytes: Buffer, newline: boolean): Line {
    const start = this.#at;
    this.#at += bytes.length;
    const text = bytes.subarray(0, bytes.length - (newline ? 1 : 0)).toString("utf8");
    return { text: text.replaceAll("\0", "\uFFFD"), start, end: this.#at, newline };
  }
}

/** The last start of a character at or before `limit`; there is a byte at `limit`. */
function boundary(bytes: Buffer, limit: number): number {
  let at = limit;
  while (at > limit - 4 && ((bytes[at] ?? 0) & 0b1100_0000) === 0b1000_0000) at -= 1;
  return at === limit - 4 ? limit : at;
}
