import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { verdictOn } from "./supply/advisories.ts";
import { inShippedProject } from "./supply/project.ts";

/**
 * `npm run audit`: asks the registry for advisories about the packages that are passed on with Warmpool, and fails if
 * one of them is high or critical. A registry that does not answer is reported in one line and fails nothing: it says
 * nothing about Warmpool.
 */
const TIMEOUT_MS = 60_000;
const LARGEST_BYTES = 16 * 1024 * 1024;
const root = fileURLToPath(new URL("..", import.meta.url));

const verdict = inShippedProject(root, (cwd) => {
  const options = { cwd, encoding: "utf8", timeout: TIMEOUT_MS, maxBuffer: LARGEST_BYTES } as const;
  return verdictOn(spawnSync("npm", ["audit", "--json", "--package-lock-only"], options).stdout);
});
if (verdict.kind === "unanswered") {
  // Only the first words: the rest is an address.
  const [why = ""] = verdict.why.split(" - ");
  console.log(`audit: left out, because the registry gave no report (${why.slice(0, 80)})`);
} else {
  for (const line of verdict.severe) console.error(line);
  if (verdict.severe.length > 0) process.exitCode = 1;
  else console.log("audit: no advisory that is high or critical");
}
