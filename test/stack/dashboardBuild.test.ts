import { mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildDashboard, isCurrent } from "../../src/stack/dashboardBuild.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";

/** A checkout whose files are as old as that, in seconds since 2026. */
function file(root: string, path: string, age: number): void {
  mkdirSync(join(root, path, ".."), { recursive: true });
  writeFileSync(join(root, path), "");
  utimesSync(join(root, path), age, age);
  for (let folder = join(path, ".."); folder !== "."; folder = join(folder, ".."))
    utimesSync(join(root, folder), age, age);
}

test("a built dashboard is current until one of its sources is newer", async () => {
  await using folder = await temporaryFolder();
  const root = folder.path;
  const built = join(root, "dist", "dashboard");
  file(root, "src/dashboard/pages/Pool.tsx", 100);
  file(root, "src/contract/pool.ts", 100);
  file(root, "package-lock.json", 100);
  expect(isCurrent(root, built)).toBe(false);
  file(root, "dist/dashboard/index.html", 200);
  expect(isCurrent(root, built)).toBe(true);
  for (const source of ["src/dashboard/pages/Pool.tsx", "src/contract/pool.ts", "package-lock.json"]) {
    file(root, source, 300);
    expect(isCurrent(root, built), source).toBe(false);
    file(root, source, 100);
    expect(isCurrent(root, built)).toBe(true);
  }
});

test("a checkout without the dashboard's sources: one line, and the start continues", async () => {
  await using folder = await temporaryFolder();
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  expect(await buildDashboard(say, new AbortController().signal, folder.path)).toBe(false);
  expect(said).toEqual(["No dashboard: this checkout has no src/dashboard"]);
});

test("a build that fails: a line that says how to see more, and the start continues", async () => {
  await using folder = await temporaryFolder();
  file(folder.path, "src/dashboard/index.html", 100);
  const said: string[] = [];
  const say = (line: string) => void said.push(line);
  expect(await buildDashboard(say, new AbortController().signal, folder.path)).toBe(false);
  expect(said[0]).toBe("Building the dashboard");
  expect(said[1]).toContain("npm run build:dashboard");
  expect(said).toHaveLength(2);
});
