import { Writable } from "node:stream";
import { expect, test } from "vitest";
import { openScreen } from "../../../src/cli/terminal/screen.ts";
import type { Stream } from "../../../src/cli/terminal/output.ts";

function terminal(rows: number) {
  let text = "";
  const writable = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      text += String(chunk);
      done();
    },
  });
  const stream: Stream = Object.assign(writable, { isTTY: true, rows, columns: 80 });
  return { stream, text: () => text };
}

test("a screen: closed, even twice → the terminal's first screen, cursor and wrapping are back, once", () => {
  const { stream, text } = terminal(10);
  const screen = openScreen(stream);
  screen.draw(["one"]);
  screen.close();
  screen.close();
  screen.draw(["late"]);
  expect(text()).toBe(
    "\u001b[?1049h\u001b[?25l\u001b[?7l" +
      "\u001b[Hone\u001b[K\u001b[J" +
      "\u001b[?7h\u001b[?25h\u001b[?1049l",
  );
});

test("a screen: more lines than rows → the last row says how many are missing", () => {
  const { stream, text } = terminal(3);
  openScreen(stream).draw(["a", "b", "c", "d"]);
  expect(text()).toContain("\u001b[Ha\u001b[K\r\nb\u001b[K\r\n… 2 more lines\u001b[K\u001b[J");
});

test("a screen: foreign control characters → shown, not obeyed", () => {
  const { stream, text } = terminal(3);
  openScreen(stream).draw(["a\u001b[2Jb\u009b"]);
  expect(text()).toContain("a\\u001b[2Jb\\u009b");
});
