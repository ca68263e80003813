import { sql } from "drizzle-orm";
import type { ImportOutcome, ImportProblem, ImportRecord } from "../../contract/import.ts";
import type { Recipe } from "../../contract/recipe.ts";
import { type Db, rows } from "../../db/client.ts";
import { WarmpoolError } from "../core/errors.ts";
import { specText } from "../core/spec.ts";
import { json } from "../core/event.ts";
import { isLiveNode, isLiveOperation, isNotRemoved } from "../core/live.ts";
import type { Actor } from "../core/reasons.ts";
import { resolvePool } from "../core/whichPool.ts";
import { checkParams } from "../recipes/params.ts";
import type { SecretKeys } from "../secrets/keys.ts";
import { sealParams } from "../secrets/params.ts";
import { readFacts } from "./facts.ts";
import { judgeImport } from "./judge.ts";
import type { PendingImport } from "./pending.ts";

/**
 * Begins an import. Nothing is taken over here: a record that nothing speaks against becomes an operation of its node,
 * whose relay looks at the machine, and what follows is in finishImport.ts. Each record stands for itself.
 */
type Request = { records: readonly ImportRecord[]; plan: boolean; actor: Actor; keys: SecretKeys };

const SSH_PORT = 22;

/** @returns an outcome for each record, in their order; `checking` ones are asked for by their id (status.ts). */
export async function startImport(db: Db, { records, ...request }: Request): Promise<ImportOutcome[]> {
  const outcomes: ImportOutcome[] = [];
  // What this call has asked for already takes its place in the pool, although no row says so yet.
  const coming = new Map<string, number>();
  for (const record of records) outcomes.push(await startOne(db, record, coming, request));
  return outcomes;
}

async function startOne(
  db: Db,
  record: ImportRecord,
  coming: Map<string, number>,
  { plan, actor, keys }: Omit<Request, "records">,
): Promise<ImportOutcome> {
  const target = await findTarget(db, record);
  if ("why" in target) return refused(target);
  const { pool, node, recipe } = target;
  const { username, machine } = record;
  const dial = dialOf(record);
  const facts = await readFacts(db, { ...record, pool, node }, dial?.ssh ?? null);
  const others = coming.get(pool) ?? 0;
  const counted = { ...facts, population: facts.population + others };
  const verdict = judgeImport({ ...record, pool, node }, counted, Date.now());
  if (verdict === "unchanged") return outcomeOf("unchanged", record);
  if (verdict !== "new") return refused(verdict);
  const sealed = await sealedParams(recipe.content, record, keys);
  if ("why" in sealed) return refused(sealed);
  const outcome = await queue(db, node, {
    ...{ machine, pool, username, dial, plan, by: actor, sealed },
    ...{ expected: record.hostKey ?? null, sshKeys: record.sshKeys, outputs: record.outputs ?? {} },
    ...{ externalId: record.externalId ?? null, expiresAt: record.expiresAt ?? null },
    recipe: { name: recipe.name, version: recipe.version },
  });
  if (outcome.state === "checking") coming.set(pool, others + 1);
  return outcome;
}

type Target = {
  pool: string;
  node: string;
  recipe: { name: string; version: string; content: Recipe };
};

async function findTarget(db: Db, record: ImportRecord): Promise<Target | ImportProblem> {
  let pool: string;
  try {
    pool = await resolvePool(db, record.pool);
  } catch (error) {
    if (!(error instanceof WarmpoolError)) throw error;
    return { why: error.message, fix: "Put the pool before the import, or correct the pool of this record." };
  }
  const [found] = await rows<{ recipe: Target["recipe"] }>(
    db,
    sql`select jsonb_build_object('name', r.name, 'version', r.version, 'content', r.content) as recipe
      from pools p join recipes r on r.name = ${specText("recipe")}
      where p.name = ${pool} and ${isNotRemoved(sql`p`)} order by r.put_at desc limit 1`,
  );
  if (found === undefined) return { why: `pool ${pool} was removed`, fix: "Name another pool." };
  if (record.node !== undefined) return { pool, node: record.node, ...found };
  const nodes = await rows<{ name: string }>(
    db,
    sql`select n.name from nodes n where ${isLiveNode(sql`n`)} order by n.name limit 2`,
  );
  const [only] = nodes;
  if (only !== undefined && nodes.length === 1) return { pool, node: only.name, ...found };
  return only === undefined
    ? { why: "there is no node yet", fix: "Add one with `npx warmpool node enroll NAME`, and run its relay." }
    : { why: "there are several nodes, and the record names none", fix: "Give the record its node." };
}

/** Where the relay and the tester dial; null where the record does not say. */
function dialOf({ host, port, relayHost, relayPort }: ImportRecord): PendingImport["dial"] {
  if (host === undefined) return null;
  const access = { host, port: port ?? SSH_PORT };
  return { access, ssh: { host: relayHost ?? host, port: relayPort ?? access.port } };
}

async function sealedParams(recipe: Recipe, { params = {} }: ImportRecord, keys: SecretKeys) {
  const values = checkParams(recipe.params, params);
  if (values instanceof WarmpoolError) return lacking(values);
  try {
    return await sealParams(keys, recipe.params, values);
  } catch (error) {
    if (error instanceof WarmpoolError) return lacking(error);
    throw error;
  }
}

function lacking({ message }: WarmpoolError): ImportProblem {
  return {
    why: message,
    fix: "Give the record the params that the main app passes to tester.assign: they are compared there.",
  };
}

/** One operation for a machine of a node: an import that is asked for twice is under way once. */
async function queue(db: Db, node: string, pending: PendingImport): Promise<ImportOutcome> {
  const { machine, username, pool, plan } = pending;
  const [made] = await rows<{ id: string }>(
    db,
    sql`insert into operations (kind, node, record) values ('import', ${node}, ${json(pending)})
      on conflict (node, (record ->> 'machine')) where record is not null and ${isLiveOperation()} do nothing
      returning id`,
  );
  if (made !== undefined) return { ...outcomeOf("checking", pending), id: made.id };
  const [same] = await rows<{ id: string }>(
    db,
    sql`select id from operations where kind = 'import' and node = ${node} and ${isLiveOperation()}
      and record @> ${json({ machine, username, pool, plan })}`,
  );
  if (same !== undefined) return { ...outcomeOf("checking", pending), id: same.id };
  return refused({
    why: `the relay of node ${node} is busy with ${machine}, for another import or for the undoing of one`,
    fix: "Import again in a moment.",
  });
}

function outcomeOf(
  state: ImportOutcome["state"],
  { expiresAt }: { expiresAt?: string | null | undefined },
): ImportOutcome {
  return { id: null, state, problem: null, found: null, expiresAt: expiresAt ?? null };
}

function refused(problem: ImportProblem): ImportOutcome {
  return { ...outcomeOf("refused", {}), problem };
}
