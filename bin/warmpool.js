#!/usr/bin/env node
// Starts the command line: the built one where this is an installed package, one built from the sources in a checkout.
// Runs under any Node, also one that is too old for the rest; then it hands over to the one from npm, if there is one.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The first Node that runs TypeScript sources as they are; also more than any dependency asks for. */
const NEEDED = [22, 18];

const source = new URL("../src/cli/main.ts", import.meta.url);

if (isNewEnough(process.versions.node)) {
  const { runProcess } = await import(await entry());
  await runProcess();
} else {
  const newer = nodeFromNpm();
  if (newer === null) {
    console.error(`warmpool: needs Node ${NEEDED.join(".")} or newer, this is ${process.versions.node}.`);
    const how = existsSync(source)
      ? "run this where it is: npm ci --include=dev --ignore-scripts=false"
      : "put one beside warmpool: npm install node@22";
    console.error(`Install a newer Node, or ${how}`);
    process.exit(1);
  }
  handOver(newer);
}

async function entry() {
  if (!existsSync(source)) return new URL("../dist/cli/main.js", import.meta.url).href;
  const { built } = await import("./built.js");
  return built(source);
}

function isNewEnough(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1]);
}

/** The binary of the npm package `node`, where it is installed and new enough. */
function nodeFromNpm() {
  try {
    const require = createRequire(import.meta.url);
    const file = require.resolve("node/package.json");
    const binary = join(dirname(file), "bin", "node");
    return isNewEnough(require(file).version) && existsSync(binary) ? binary : null;
  } catch {
    return null;
  }
}

function handOver(node) {
  const args = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  const child = spawn(node, args, { stdio: "inherit" });
  for (const signal of ["SIGTERM", "SIGHUP", "SIGINT"]) {
    // Ctrl-C on a terminal reaches the child by itself; a second one would be a second wish.
    process.on(signal, () => (signal === "SIGINT" && process.stdin.isTTY ? undefined : child.kill(signal)));
  }
  child.on("error", (error) => {
    console.error(`warmpool: cannot start ${node}: ${error.message}`);
    process.exit(1);
  });
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
