import { expect, test } from "vitest";
import { LogOutbox } from "../../../src/relay/setup/outbox.ts";

const LINE = 200;
const MIB = 1024 * 1024;

test("S1 a machine that writes faster than the edge is told: what waits is bounded, its head and its tail whole", () => {
  const outbox = new LogOutbox(0);
  const lines = Math.ceil((64 * MIB) / LINE);
  const told: { offset: number; end: number; text: string }[] = [];
  const send = () => {
    const piece = outbox.first;
    if (piece !== undefined) told.push(piece);
    outbox.acknowledge(piece);
  };
  for (let n = 0; n < lines; n += 1) {
    const text = String(n).padEnd(LINE - 1, ".");
    outbox.add({ text, start: n * LINE, end: (n + 1) * LINE, newline: true }, text);
    // Now and then a piece is sent, far too few of them.
    if (n % 5000 === 0) send();
  }
  const sent = told.length;
  while (outbox.first !== undefined) send();
  expect(told.length - sent).toBeLessThan(60);
  // Without gap or overlap, though most of the text is not there.
  for (const [n, { offset }] of told.entries()) expect(offset).toBe(told[n - 1]?.end ?? 0);
  expect(told.at(-1)?.end).toBe(lines * LINE);
  const text = told.map((piece) => piece.text).join("");
  expect(text.length).toBeLessThan(8 * MIB);
  const whole = (n: number) => `${String(n).padEnd(LINE - 1, ".")}\n`;
  const numbers = (from: number, count: number) =>
    Array.from({ length: count }, (_, n) => whole(from + n)).join("");
  expect(text.startsWith(numbers(0, MIB / LINE))).toBe(true);
  expect(text.endsWith(numbers(lines - 5000, 5000))).toBe(true);
  expect(text).toMatch(/\[\d+ bytes of the log are omitted here\]/);
});
