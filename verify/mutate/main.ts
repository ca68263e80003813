import { chmod, mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { changeBase, changedSince, commitNamed, readTree } from "../../scripts/change/git.ts";
import { holdLeash } from "../../scripts/leash/leash.ts";
import { startPostgres } from "../../src/stack/postgres.ts";
import { copyCheckout, whilePatched } from "./checkout.ts";
import { drawn, isConcerned, type Patch, readPatches } from "./patches.ts";
import { type How, type Verdict, verdicts } from "./vitest.ts";

/**
 * `npm run mutate [-- PART] [--changed auto|COMMIT] [--at-most N] [--trust-green]`: proves that the tests bite. Each patch beside this
 * file breaks one rule in a copy of the checkout; the test it names, green without it, has to turn red.
 *
 * PART            only patches whose name has that in it
 * --changed       only the core and those that a change since the commit may concern; `auto` finds the commit (changeBase)
 * --at-most       so many, drawn by the commit that is tried; the nightly run tries all
 * --trust-green   the tests have just passed without a patch, and are not run once more to see that
 *
 * Patches are tried two at a time, each in a copy of its own, on one Postgres server; every run of tests migrates a
 * database of its own, because a patch may touch the migrations.
 */
const AT_ONCE = 2;
/** Tried whatever has changed: that the whole still works shows in them. */
const CORE = new Set(["01-no-fencing.patch", "05-no-receipt.patch", "12-unknown-is-dead.patch"]);

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = fileURLToPath(new URL(".", import.meta.url));

const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => stop.abort(name));

const { values, positionals } = parseArgs({
  options: {
    changed: { type: "string" },
    "at-most": { type: "string", default: "999" },
    "trust-green": { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const began = performance.now();
const all = await readPatches(here);
const patches = await chosen(all).catch((error: unknown) => {
  console.error(`mutate: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(2);
});
console.log(`${patches.length} of ${all.length} patches`);
let found = 0;
const leash = await holdLeash("mutate");
if (patches.length > 0) await tryAll(patches);
await leash.release(false);
if (stop.signal.aborted) console.log(`Stopped by ${String(stop.signal.reason)}`);
console.log(`That took ${seconds(began)} s.`);
console.log(`${found} passed, ${patches.length - found} failed`);
process.exit(found === patches.length && found > 0 ? 0 : 1);

async function chosen(candidates: readonly Patch[]): Promise<Patch[]> {
  const [part = ""] = positionals;
  const named = candidates.filter(({ file }) => file.includes(part));
  const { changed: since } = values;
  if (since === undefined) return named;
  const base = since === "auto" ? await changeBase() : await commitNamed(since);
  if (base === null) return named;
  const changed = await changedSince(base);
  console.log(`${changed.size} files have changed since ${base}`);
  const concerned = named.filter((patch) => CORE.has(patch.file) || isConcerned(patch, changed, readTree));
  const atMost = Number(values["at-most"]);
  if (!Number.isInteger(atMost) || atMost < CORE.size)
    throw new Error(`--at-most is ${values["at-most"]}; it takes a whole number, ${CORE.size} or more`);
  if (concerned.length > atMost)
    console.log(`${concerned.length} patches are concerned; ${atMost} are drawn`);
  return drawn(concerned, atMost, CORE, await commitNamed("HEAD"));
}

async function tryAll(list: readonly Patch[]): Promise<void> {
  // Vitest reports files by their real path.
  const folder = await realpath(await mkdtemp(join(tmpdir(), "warmpool-mutate-")));
  // Postgres may have to run as nobody, and must be able to pass.
  await chmod(folder, 0o711);
  try {
    const copies = Array.from({ length: AT_ONCE }, (_, index) => join(folder, String(index)));
    for (const copy of copies) await copyCheckout(root, copy);
    const server = await startPostgres({ folder: join(folder, "postgres"), keep: "throwaway" });
    try {
      await tryIn(copies, list, { databaseUrl: server.url, signal: stop.signal });
    } finally {
      await server[Symbol.asyncDispose]();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function tryIn(copies: readonly string[], list: readonly Patch[], how: How): Promise<void> {
  const [first = ""] = copies;
  const before = values["trust-green"] ? null : await verdicts(first, list, how);
  const queue = list.map((patch, index) => ({ patch, before: before?.[index] ?? "green" }));
  const work = async (copy: string): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const startedAt = performance.now();
      const problem = complaint(next.before, "green", next.patch) ?? (await tryPatch(copy, next.patch, how));
      if (stop.signal.aborted) return;
      tell(next.patch, problem, startedAt);
    }
  };
  await Promise.all(copies.map(work));
}

/** What is wrong with the patch, or null. */
async function tryPatch(copy: string, patch: Patch, how: How): Promise<string | null> {
  try {
    const [after = "absent"] = await whilePatched(copy, join(here, patch.file), () =>
      verdicts(copy, [patch], how),
    );
    return complaint(after, "red", patch);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function complaint(verdict: Verdict, expected: "green" | "red", { name }: Patch): string | null {
  if (verdict === expected) return null;
  if (verdict === "absent") return `no test called "${name}" ran`;
  return expected === "green" ? "the test is red without the patch" : "the test stayed green";
}

function tell({ file, breaks, name }: Patch, problem: string | null, startedAt: number): void {
  console.log(`${problem === null ? "found " : "MISSED"} ${seconds(startedAt).padStart(5)} s  ${breaks}`);
  console.log(problem === null ? `       by: ${name}` : `       ${file}: ${problem}`);
  if (problem === null) found += 1;
}

function seconds(since: number): string {
  return ((performance.now() - since) / 1000).toFixed(1);
}
