import type { Command } from "commander";
import type { PoolView } from "../../contract/pool.ts";
import { destroying, mayDestroy } from "../session/destroy.ts";
import type { DestroyOptions } from "../session/destroy.ts";
import { advised } from "../terminal/failure.ts";
import { announce, plan, readSpec } from "./poolPlan.ts";
import { POOL, poolLines, POOLS, poolTable } from "../views/poolView.ts";
import { unnamedShift, unnamedText } from "../views/unnamedText.ts";
import { answer, answerInWords, commandOf, next, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";

/** `warmpool pool list|get|put|plan|pause|resume|default|empty|remove`. */
export function pool(program: Command, cli: Cli): void {
  const verb = program.command("pool").description("the pools and their specs");
  verb
    .command("list")
    .description("list all pools")
    .action(withSession(cli, list, POOLS));
  verb
    .command("get")
    .description("show one pool: its spec and its state")
    .argument("<pool>", "its name")
    .action(withSession(cli, get, POOL));
  destroying(verb.command("put"), "if machines would be removed")
    .description("create a pool from the file, or change it")
    .argument("<file>", "its spec, JSON")
    .action(withSession(cli, put, POOL));
  verb
    .command("plan")
    .description(
      "show what `pool put` of this file would change, and which machines have no room and why. Changes nothing",
    )
    .argument("<file>", "its spec, JSON")
    .action(withSession(cli, plan));
  verb
    .command("pause")
    .description("pause a pool: no machine is created or deleted until it is resumed")
    .argument("<pool>", "its name")
    .action(withSession(cli, pause));
  verb
    .command("resume")
    .description("resume a paused pool")
    .argument("<pool>", "its name")
    .action(withSession(cli, resume));
  verb
    .command("default")
    .description("make a pool the default: calls that name no pool use it")
    .argument("<pool>", "its name")
    .action(withSession(cli, makeDefault));
  destroying(verb.command("empty"), "with --release")
    .description("pause a pool and tear down its machines, except those that testers have")
    .argument("<pool>", "its name")
    .option("--release", "also release the testers who have a machine of it")
    .action(withSession(cli, empty));
  destroying(verb.command("remove"), "with --release")
    .description("remove a pool and tear down its machines")
    .argument("<pool>", "its name")
    .option("--release", "also release the testers who have a machine of it")
    .action(withSession(cli, remove));
}

async function list(session: Session): Promise<void> {
  const pools = await session.client.pool.list.query();
  answer(
    session,
    pools,
    (all) => (all.length === 0 ? ["No pool yet."] : poolTable(all, session.out.tableColumns)),
    POOLS,
  );
}

async function get(session: Session, name: string): Promise<void> {
  const found = await session.client.pool.get.query({ name });
  answer(session, found, (one) => lines(session, one), POOL);
}

async function put(session: Session, file: string, options: DestroyOptions): Promise<void> {
  const spec = readSpec(file);
  if (!(await announce(session, spec, options))) return;
  const pool = await session.client.pool.put.mutate(spec);
  answer(session, pool, (one) => [`Pool ${one.name} is stored.`, "", ...lines(session, one)], POOL);
}

function lines(session: Session, pool: PoolView): string[] {
  return poolLines(pool, commandOf(session), session.out.columns, Date.now());
}

async function pause(session: Session, name: string): Promise<void> {
  const pool = await session.client.pool.pause.mutate({ name });
  answerInWords(session, pool, (one) => [`Pool ${one.name} is paused.`]);
}

async function resume(session: Session, name: string): Promise<void> {
  const pool = await session.client.pool.resume.mutate({ name });
  answerInWords(session, pool, (one) => [`Pool ${one.name} resumed.`]);
}

async function makeDefault(session: Session, name: string): Promise<void> {
  const before = await standing(session);
  const pool = await session.client.pool.default.mutate({ name });
  const after = before.map((one) => ({ ...one, isDefault: one.name === pool.name }));
  answerInWords(session, pool, () => unnamedText(before, after, commandOf(session)));
}

async function standing({ client }: Session): Promise<PoolView[]> {
  const pools = await client.pool.list.query();
  return pools.filter(({ removedAt }) => removedAt === null);
}

async function empty(
  session: Session,
  name: string,
  { release, ...options }: DestroyOptions & { release?: true },
): Promise<void> {
  const goes = async () => {
    const { counts } = await session.client.pool.get.query({ name });
    return [
      `The pool ${name} would be paused, and its machines without a tester torn down: ${counts.provisioning + counts.ready + counts.suspect}.`,
      ...(release === true ? [`Testers who would be released: ${counts.assigned}.`] : []),
    ];
  };
  if (!(await mayDestroy(session, options, { goes, bare: release !== true }))) return;
  const assigned = release === true ? "release" : "keep";
  const pool = await session.client.pool.empty.mutate({ name, assigned });
  answerInWords(session, pool, (one) => [
    `Pool ${one.name} is paused, and machines being torn down: ${one.counts.deleting}.`,
    ...(one.counts.assigned === 0
      ? []
      : [`Testers who keep their machine: ${one.counts.assigned}. --release releases those too.`]),
    `To fill it again, run \`${next(session, "pool", "resume", one.name)}\``,
  ]);
}

async function remove(
  session: Session,
  name: string,
  { release, ...options }: DestroyOptions & { release?: true },
): Promise<void> {
  const pools = await standing(session);
  const left = pools.filter((pool) => pool.name !== name);
  const goes = async () => {
    const { counts, waiting } = await session.client.pool.get.query({ name });
    const shift = unnamedShift(pools, left);
    const { assigned, ...others } = counts;
    const idle = Object.values(others).reduce((sum, count) => sum + count, 0);
    return [
      `The pool ${name} would be removed, with its machines that have no tester: ${idle}.`,
      ...(release === true ? [`Testers who would be released: ${assigned + waiting}.`] : []),
      ...(shift === null ? [] : [shift]),
    ];
  };
  if (!(await mayDestroy(session, options, { goes, bare: release !== true }))) return;
  const removed = await advised("CONFLICT", "--release releases them.", () =>
    session.client.pool.remove.mutate({ name, release: release === true }),
  );
  answerInWords(session, removed, ({ machines, released }) => [
    `Pool ${name} is removed.`,
    ...(released === 0 ? [] : [`Testers released: ${released}.`]),
    machines === 0
      ? "It has no machines left."
      : `Machines being torn down: ${machines}; it is shown until the last is proven gone.`,
    ...(unnamedShift(pools, left) === null ? [] : unnamedText(pools, left, commandOf(session))),
  ]);
}
