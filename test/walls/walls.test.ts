import { expect, test } from "vitest";
import { lineOf } from "../../scripts/walls/breach.ts";
import { breachesOf } from "../../scripts/walls/check.ts";
import { COMPUTED, NODE, roomOf } from "../../scripts/walls/room.ts";
import { TABLE } from "../../scripts/walls/table.ts";
import { readDevelopment, readCode } from "../../scripts/walls/code.ts";
import { fileWith, FORMS } from "./forms.ts";
import { crossingsIn, fileIn, pathBetween } from "./planted.ts";
import { isNight } from "../helpers/nightly.ts";

const ROOMS = Object.keys(TABLE.rooms);

test.runIf(isNight)("walls: this checkout → no breach", () => {
  expect(breachesOf(readCode("."), TABLE, readDevelopment(".")).map(lineOf)).toEqual([]);
});

test.each(Object.entries(TABLE.rooms))(
  "walls: %s imports one room after another → each that it may not is reported",
  (from, { may, types = [] }) => {
    const file = fileIn(from);
    const planted = (keyword: string) =>
      ROOMS.flatMap((to) => crossingsIn(file, fileWith(`${keyword} { a } from "${pathBetween(from, to)}";`)));
    const forbidden = (allowed: readonly string[]) =>
      ROOMS.filter((to) => to !== from && !allowed.includes(to)).map((to) => `${file}:3: ${from} → ${to}`);
    expect(planted("import")).toEqual(forbidden(may));
    expect(planted("import type")).toEqual(forbidden([...may, ...types]));
  },
);

test.each(Object.entries(TABLE.rooms))(
  "walls: %s imports packages → each that it may not is reported",
  (from, { may }) => {
    const file = fileIn(from);
    const specifiers = ["left-pad", "zod/v3", "vitest", "/etc/passwd", "#inside", "https://127.0.0.1/a.js"];
    const expected = specifiers
      .filter((specifier) => !may.includes(specifier))
      .map((specifier) => `${file}:3: ${from} → ${specifier}`);
    const found = specifiers.flatMap((specifier) => crossingsIn(file, fileWith(`import "${specifier}";`)));
    expect(found).toEqual(expected);
  },
);

test.each(Object.entries(TABLE.rooms).filter(([, { may }]) => !may.includes(NODE)))(
  "walls: %s imports modules of Node → reported, with and without the prefix",
  (from) => {
    const file = fileIn(from);
    for (const specifier of ["node:fs", "fs", "fs/promises", "node:sqlite", "node:no-such-module"]) {
      for (const keyword of ["import", "import type"]) {
        const source = fileWith(`${keyword} { a } from "${specifier}";`);
        expect(crossingsIn(file, source)).toEqual([`${file}:3: ${from} → ${NODE}`]);
      }
    }
  },
);

test.each(FORMS)("walls: $form → seen by the wall, and by the edge's", ({ write }) => {
  expect(crossingsIn("src/relay/text.ts", fileWith(write("../domain/assignments/claim.ts")))).toEqual([
    "src/relay/text.ts:3: src/relay → src/domain/assignments",
  ]);
  expect(crossingsIn("src/api/http/route.ts", fileWith(write("node:net")))).toEqual([
    `src/api/http/route.ts:3: src/api → ${NODE}`,
  ]);
});

test("walls: a computed name → reported, except in the files that may", () => {
  const source = fileWith("await import(name);");
  for (const room of ROOMS) {
    const file = fileIn(room);
    expect(crossingsIn(file, source)).toEqual([`${file}:3: ${room} → ${COMPUTED}`]);
  }
  for (const file of TABLE.wrapped[COMPUTED]!.by) expect(crossingsIn(file, source)).toEqual([]);
});

test("walls: a file any number of folders deep → the wall of its room", () => {
  const file = "src/domain/core/a/b/c/deep.ts";
  expect(crossingsIn(file, fileWith('import "../../../../../api/app.ts";'))).toEqual([
    `${file}:3: src/domain/core → src/api`,
  ]);
  expect(crossingsIn(file, fileWith('import "../../../states.ts";'))).toEqual([]);
});

test.each(["src/new.ts", "src/db/new.ts", "tools/new.ts", "new.config.ts"])(
  "walls: %s, in no room → reported",
  (file) => {
    expect(crossingsIn(file, "")).toEqual([`${file}:1: no room`]);
  },
);

test("walls: a path out of the checkout, or to what was built → reported", () => {
  const found = ["../../../../elsewhere/a.ts", "../../../dist/client/index.js"].flatMap((path) =>
    crossingsIn("src/cli/terminal/text.ts", fileWith(`import "${path}";`)),
  );
  expect(found).toEqual([
    "src/cli/terminal/text.ts:3: src/cli/terminal → ../elsewhere/a.ts",
    "src/cli/terminal/text.ts:3: src/cli/terminal → dist/client/index.js",
  ]);
});

test.each(Object.entries(TABLE.wrapped).filter(([name]) => name !== COMPUTED))(
  "walls: %s → only the files that wrap it may name it",
  (name, { by }) => {
    const named = (file: string) => crossingsIn(file, fileWith(`${keywordFor(file)} { a } from "${name}";`));
    const inside = by.map((path) => (TABLE.rooms[path] === undefined ? path : fileIn(path)));
    expect(inside.flatMap(named)).toEqual([]);
    const others = ROOMS.filter((room) => TABLE.shipped.some((folder) => room.startsWith(folder)))
      .map(fileIn)
      .filter((file) => !inside.includes(file));
    const expected = others.map((file) => `${file}:3: ${roomOf(file, TABLE.rooms)} → ${name}`);
    expect(others.flatMap(named)).toEqual(expected);
  },
);

/** JavaScript has no types to import. */
function keywordFor(file: string): string {
  return file.endsWith(".js") ? "import" : "import type";
}
