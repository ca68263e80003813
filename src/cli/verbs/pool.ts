import type { Command } from "commander";
import { destroying, mayDestroy } from "../session/destroy.ts";
import type { DestroyOptions } from "../session/destroy.ts";
import { advised } from "../terminal/failure.ts";
import { announce, plan, readSpec } from "./poolPlan.ts";
import { POOL, poolLines, POOLS, poolTable } from "../views/poolView.ts";
import { answer, answerInWords, next, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";

/** `warmpool pool list|get|put|plan|pause|resume|default|empty|remove`. */
export function pool(program: Command, cli: Cli): void {
  const verb = program.command("pool").description("the pools and their specs");
  verb
    .command("list")
    .description("all pools")
    .action(withSession(cli, list, POOLS));
  verb
    .command("get")
    .description("show one pool: its spec and its state")
    .argument("<pool>", "its name")
    .action(withSession(cli, get, POOL));
  destroying(verb.command("put"))
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
    .description("make a pool the default for calls that name none")
    .argument("<pool>", "its name")
    .action(withSession(cli, makeDefault));
  destroying(verb.command("empty"))
    .description("pause a pool and tear down its machines, except those that testers have")
    .argument("<pool>", "its name")
    .option("--release", "also release the testers who have a machine of it")
    .action(withSession(cli, empty));
  destroying(verb.command("remove"))
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
  answer(session, found, (one) => poolLines(one, session.out.columns), POOL);
}

async function put(session: Session, file: string, options: DestroyOptions): Promise<void> {
  const spec = readSpec(file);
  if (!(await announce(session, spec, options))) return;
  const pool = await session.client.pool.put.mutate(spec);
  answer(
    session,
    pool,
    (one) => [`Pool ${one.name} is stored.`, "", ...poolLines(one, session.out.columns)],
    POOL,
  );
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
  const pool = await session.client.pool.default.mutate({ name });
  answerInWords(session, pool, (one) => [`Calls that name no pool now use ${one.name}.`]);
}

async function empty(
  session: Session,
  name: string,
  { release, ...options }: DestroyOptions & { release?: true },
): Promise<void> {
  const goes = async () => {
    const { counts } = await session.client.pool.get.query({ name });
    return [
      `Machines of ${name} without a tester that are torn down: ${counts.provisioning + counts.ready + counts.suspect}.`,
      ...(release === true ? [`Testers who are released: ${counts.assigned}.`] : []),
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
  const goes = async () => {
    const { counts, waiting } = await session.client.pool.get.query({ name });
    const { assigned, ...others } = counts;
    const idle = Object.values(others).reduce((sum, count) => sum + count, 0);
    return [
      `The pool ${name} is removed, with its machines that have no tester: ${idle}.`,
      ...(release === true ? [`Testers who are released: ${assigned + waiting}.`] : []),
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
  ]);
}
