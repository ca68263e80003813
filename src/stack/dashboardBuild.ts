import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { stretched } from "../relay/time/fairTime.ts";

/**
 * Builds the dashboard of a checkout for `npm start`, if it is not built or a source is newer. What is served changes at
 * once and as a whole: several starts from one checkout may build at the same time.
 */
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const BUILD_SECONDS = 120;
/** Beside src/dashboard itself, what it is built from. */
const SOURCES = ["src/dashboard", "src/client", "src/contract", "vite.config.ts", "package-lock.json"];

/**
 * @param say takes a line for the person who starts it
 * @returns whether there is a dashboard to serve now
 */
export async function buildDashboard(
  say: (line: string) => void,
  signal: AbortSignal,
  root: string = ROOT,
): Promise<boolean> {
  const built = join(root, "dist", "dashboard");
  if (!existsSync(join(root, "src", "dashboard", "index.html"))) {
    if (!existsSync(join(built, "index.html"))) say("No dashboard: this checkout has no src/dashboard");
    return existsSync(join(built, "index.html"));
  }
  if (isCurrent(root, built)) return true;
  say("Building the dashboard");
  mkdirSync(join(root, "dist"), { recursive: true });
  const folder = mkdtempSync(join(root, "dist", ".dashboard-"));
  try {
    const vite = join(root, "node_modules", "vite", "bin", "vite.js");
    await promisify(execFile)(process.execPath, [vite, "build", "--outDir", folder, "--emptyOutDir"], {
      cwd: root,
      timeout: stretched(BUILD_SECONDS * 1000),
      maxBuffer: 16 * 1024 * 1024,
      signal,
    });
    putInPlace(folder, built);
    return true;
  } catch (error) {
    const words = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    const why = words.split("\n").find((line) => line.trim() !== "") ?? String(error);
    say(
      `The dashboard could not be built; everything else works. See: npm run build:dashboard (${why.trim()})`,
    );
    return existsSync(join(built, "index.html"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether no source is newer than the built page. */
export function isCurrent(root: string, built: string): boolean {
  const page = statSync(join(built, "index.html"), { throwIfNoEntry: false });
  return page !== undefined && SOURCES.every((path) => newest(join(root, path)) <= page.mtimeMs);
}

function newest(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) return 0;
  if (!found.isDirectory()) return found.mtimeMs;
  // A folder's own time changes when a file in it comes or goes.
  const inside = readdirSync(path, { withFileTypes: true }).map((entry) => newest(join(path, entry.name)));
  return Math.max(found.mtimeMs, ...inside);
}

/** Another start may put its own there at the same moment: whichever comes last stays. */
function putInPlace(folder: string, built: string): void {
  const before = `${folder}-before`;
  if (existsSync(built)) renameSync(built, before);
  renameSync(folder, built);
  rmSync(before, { recursive: true, force: true });
}
