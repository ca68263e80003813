import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { deadline } from "../helpers/patience.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";

/** An npm script whose packages are not there says so in one sentence. */
const root = fileURLToPath(new URL("../..", import.meta.url));
const WITHOUT = "npm run start cannot begin: its packages are not installed. Run: npm ci\n";
const PRODUCTION =
  "npm run start cannot begin: it needs the development dependencies, which this installation was made without " +
  "(NODE_ENV=production, or --omit=dev). Run: npm ci --include=dev\n";

test.each([
  ["nothing installed", [], "dev", WITHOUT],
  ["nothing installed", [], "", WITHOUT],
  ["a production install, and a script of developers", ["one"], "dev", PRODUCTION],
  ["a production install, and a script that runs from it", ["one"], "", ""],
  ["all installed", ["one", "two"], "dev", ""],
])("%s: packages %j, needs `%s` → says %j", async (_, packages, needs, said) => {
  await using folder = await checkout(packages);
  expect(await ready(folder.path, [], needs)).toBe(said);
});

test("an old Node, before a program of the project → one sentence with what to do, and the program does not begin", async () => {
  await using folder = await checkout(["one", "two"]);
  const versions = "{ value: { ...process.versions, node: '20.1.0' } }";
  const pretend = `data:text/javascript,Object.defineProperty(process, 'versions', ${versions})`;
  const program = join(folder.path, "program.js");
  await writeFile(program, "console.error('began')");
  const args = ["--import", pretend, "--import", "./scripts/ready.js?dev", program];
  expect(await said(folder.path, args)).toMatch(
    /^npm run start cannot begin: it needs Node 22\.18 or newer, and this is 20\.1\.0\. .* npm ci --include=dev --ignore-scripts=false, .*\n$/,
  );
});

test("each npm script asks first", () => {
  const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    scripts: Record<string, string>;
  };
  const others = Object.entries(scripts).filter(([, command]) => !command.includes("scripts/ready.js"));
  // `npm run build` asks for it.
  expect(others.map(([name]) => name)).toEqual(["prepack"]);
});

async function checkout(packages: string[]) {
  const folder = await temporaryFolder();
  const at = (path: string) => join(folder.path, path);
  const about = { type: "module", dependencies: { one: "1.0.0" }, devDependencies: { two: "1.0.0" } };
  await writeFile(at("package.json"), JSON.stringify(about));
  for (const path of packages.map((name) => at(`node_modules/${name}/package.json`))) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, "{}");
  }
  await mkdir(at("scripts"));
  await cp(join(root, "scripts/ready.js"), at("scripts/ready.js"));
  return folder;
}

const ready = (cwd: string, before: string[], needs: string) =>
  said(cwd, [...before, "scripts/ready.js", ...(needs === "" ? [] : [needs])]);

/** What Node printed as an error; it ends with 1 if that is anything. */
async function said(cwd: string, args: string[]): Promise<string> {
  const env = { ...process.env, npm_lifecycle_event: "start" };
  const options = { cwd, env, signal: deadline(15) };
  const { stderr, code } = await promisify(execFile)(process.execPath, args, options).then(
    (ran) => ({ stderr: ran.stderr, code: 0 }),
    (error: { stderr: string; code: number }) => error,
  );
  expect(code).toBe(stderr === "" ? 0 : 1);
  return stderr;
}
