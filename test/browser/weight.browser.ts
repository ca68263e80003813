import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import { open, stack } from "./chromium.ts";

/** How much a browser has to load, gzipped. */
const BUILT = fileURLToPath(new URL("../../dist/dashboard", import.meta.url));
const FIRST_KB = 110;
const ALL_KB = 220;

const weigh = (file: string) => gzipSync(readFileSync(join(BUILT, file)), { level: 9 }).length;
const inKb = (bytes: number) => Math.round(bytes / 100) / 10;

test(`weight: what index.html names at once → at most ${FIRST_KB} kB, all of it → at most ${ALL_KB} kB`, () => {
  const named = readFileSync(join(BUILT, "index.html"), "utf8").matchAll(/(?:href|src)="\/(assets\/[^"]+)"/g);
  const first = ["index.html", ...[...named].map(([, path]) => path ?? "")];
  const all = ["index.html", ...readdirSync(join(BUILT, "assets")).map((file) => `assets/${file}`)];
  const sum = (files: string[]) => inKb(files.reduce((bytes, file) => bytes + weigh(file), 0));
  console.log(`first load ${sum(first)} kB, all ${sum(all)} kB`);
  expect(sum(first)).toBeLessThanOrEqual(FIRST_KB);
  expect(sum(all)).toBeLessThanOrEqual(ALL_KB);
});

test("weight: the tester's page → neither charts nor pages of the operator", async () => {
  const { page, close } = await open();
  const loaded: string[] = [];
  page.on("request", (request) => loaded.push(new URL(request.url()).pathname));
  await page.goto(`${stack().url}/t/${"A".repeat(43)}`);
  await page.getByRole("heading", { level: 1 }).waitFor();
  expect(loaded.filter((path) => /Charts|Pool|Settings|Machines/.test(path))).toEqual([]);
  await close();
});
