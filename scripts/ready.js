// Whether what an npm script needs is installed: one sentence and exit code 1 if it is not, instead of a loader's stack
// trace. Runs before everything else and under any Node, so it is plain JavaScript and loads nothing.
//
//   node --import ./scripts/ready.js FILE        before a program that runs from what a production install has
//   node --import ./scripts/ready.js?dev FILE    before one that needs the development dependencies too
//   node scripts/ready.js dev                    before a tool that comes from there
import { existsSync, readFileSync } from "node:fs";

/** The first Node that runs TypeScript sources as they are; bin/warmpool.js has the same number. */
const NEEDED = [22, 18];

const root = new URL("../", import.meta.url);
const needsDev = import.meta.url.endsWith("?dev") || process.argv[2] === "dev";
const problem = missingPackages() ?? oldNode();
if (problem !== null) {
  console.error(`npm run ${process.env.npm_lifecycle_event ?? "SCRIPT"} cannot begin: ${problem}`);
  process.exit(1);
}

function missingPackages() {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
  const isMissing = (name) => !existsSync(new URL(`node_modules/${name}/package.json`, root));
  if (Object.keys(dependencies).some(isMissing)) return "its packages are not installed. Run: npm ci";
  if (!needsDev || !Object.keys(devDependencies).some(isMissing)) return null;
  return (
    "it needs the development dependencies, which this installation was made without " +
    "(NODE_ENV=production, or --omit=dev). Run: npm ci --include=dev"
  );
}

function oldNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) return null;
  return (
    `it needs Node ${NEEDED.join(".")} or newer, and this is ${process.versions.node}. Install a newer Node, or run ` +
    "npm ci --include=dev --ignore-scripts=false, which brings one"
  );
}
