import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import * as fc from "fast-check";
import { endWhenStopped, holdLeash } from "../../scripts/leash/leash.ts";
import { createToken, issueToken } from "../../src/domain/access/tokens.ts";
import { ADMIN, makeWorld, NODE } from "../../test/helpers/world.ts";
import { type FuzzClass, fuzzClasses } from "./classes.ts";
import { type FuzzedEdge, startFuzzedEdge } from "./edge.ts";
import { PARSERS } from "./parsers/parsers.ts";
import type { Parser } from "./parsers/parser.ts";
import { complaintAbout, type FuzzRequest } from "./request.ts";

/**
 * `npm run fuzz [-- --seed N] [--minutes M] [--runtime node|workerd] [--only TEXT]`: random and damaged requests, alone
 * and several at once, at every procedure, every route and the HTTP around them, against the real edge on a real database.
 * No 5xx, no hang, nothing of the inside shown, and the process lives on. Between them damaged bytes for every other
 * parser of what comes from elsewhere (parsers/), in this process. The same seed makes the same requests in the same
 * order; a failure is printed as the smallest request that still fails. It counts classes: a class passed when none of its
 * requests failed. Every class is tried at least once, however little time there is.
 */
const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(randomInt(2 ** 31)) },
    minutes: { type: "string", default: "1" },
    runtime: { type: "string", default: "node" },
    only: { type: "string", default: "" },
  },
});
const seed = Number(values.seed);
const minutes = Number(values.minutes);
const { runtime, only } = values;
if (!Number.isInteger(seed) || !(minutes > 0) || (runtime !== "node" && runtime !== "workerd")) {
  console.error("usage: npm run fuzz -- [--seed N] [--minutes M] [--runtime node|workerd] [--only TEXT]");
  process.exit(2);
}

/** Requests of a class in one round, in so many tries of so many at once. */
const TRIES = 4;
const AT_ONCE = 4;

let sent = 0;
let parsed = 0;
const passed = new Set<string>();
const failures: string[] = [];
const leash = await holdLeash("fuzz");
endWhenStopped(leash, false, (why) => console.log(`\nStopped by ${why} in seed ${seed}`));
const edge = await startFuzzedEdge(runtime);
try {
  console.log(`seed ${seed}: ${minutes} min against ${runtime}`);
  const until = performance.now() + minutes * 60_000;
  let open = [...fuzzClasses(await furnish(edge)), ...PARSERS].filter(({ name }) => name.includes(only));
  for (let round = 0; (round === 0 || performance.now() < until) && open.length > 0; round += 1) {
    const failing = new Set<FuzzClass | Parser>();
    for (const one of open) {
      if (round > 0 && performance.now() >= until) break;
      const problem = await ("requests" in one ? tryClass(one, seed + round) : tryParser(one, seed + round));
      if (problem === null) {
        passed.add(one.name);
        continue;
      }
      passed.delete(one.name);
      failing.add(one);
      failures.push(one.name);
      console.log(`\n${one.name} fails in round ${round} of seed ${seed}:\n${problem}`);
      if (edge.death() !== null) throw new Error(edge.death() ?? "");
    }
    open = open.filter((one) => !failing.has(one));
  }
} catch (error) {
  failures.push("the edge");
  console.log(String(error instanceof Error ? error.message : error));
} finally {
  await edge[Symbol.asyncDispose]();
}
await leash.release(false);
console.log(`seed ${seed}: ${passed.size} classes passed; ${sent} requests sent, ${parsed} inputs parsed`);
console.log(`${passed.size} passed, ${failures.length} failed`);
process.exit(failures.length === 0 && passed.size > 0 ? 0 : 1);

/** A small world, and a token of every role, the admin's first. */
async function furnish({ db, adminToken }: FuzzedEdge): Promise<string[]> {
  const relay = await makeWorld(db, { targetSize: 3, maxSize: 5 });
  await relay.workOff();
  const tokens = [adminToken];
  for (const role of ["app", "viewer"] as const)
    tokens.push((await createToken(db, { role, name: role }, ADMIN)).token);
  for (const role of ["node", "join"] as const)
    tokens.push((await issueToken(db, { role, name: NODE, node: NODE })).token);
  return tokens;
}

/** What is wrong with the class, with the least request that shows it; null where nothing was. */
async function tryClass({ requests }: FuzzClass, roundSeed: number): Promise<string | null> {
  const several = fc.array(requests, { minLength: 1, maxLength: AT_ONCE });
  const result = await fc.check(
    fc.asyncProperty(several, async (batch) => {
      sent += batch.length;
      const complaints = await Promise.all(batch.map((request) => complaintAbout(edge.url, request)));
      const problem = edge.death() ?? complaints.find((complaint) => complaint !== null);
      if (problem !== undefined && problem !== null) throw new Error(problem);
    }),
    { seed: roundSeed, numRuns: TRIES },
  );
  if (!result.failed) return null;
  const why = result.errorInstance instanceof Error ? result.errorInstance.message : "it failed";
  return `${why}\n${(result.counterexample?.[0] ?? []).map(asCurl).join("\n")}`;
}

/** The same for a parser, with the least input. */
async function tryParser({ property, tries }: Parser, roundSeed: number): Promise<string | null> {
  const result = await fc.check(property, { seed: roundSeed, numRuns: tries });
  parsed += result.numRuns;
  if (!result.failed) return null;
  const why = result.errorInstance instanceof Error ? (result.errorInstance.stack ?? "") : "it failed";
  return `${why.slice(0, 2000)}\n${shown(result.counterexample)}`;
}

function shown(input: unknown): string {
  const text = JSON.stringify(input);
  return text.length > 3000 ? `${text.slice(0, 3000)}… (${text.length} characters)` : text;
}

/** The request as somebody would send it again; tokens are of this run and gone with it. */
function asCurl({ method, target, headers, body }: FuzzRequest): string {
  return shown({ method, target, headers, ...(body === undefined ? {} : { body }) });
}
