import type { Command } from "commander";
import { advised } from "./failure.ts";
import { announce, plan, readSpec } from "./poolPlan.ts";
import { poolLines, poolTable } from "./poolView.ts";
import { answer, answerInWords, next, withSession } from "./session.ts";
import type { Cli, Session } from "./session.ts";

/** `warmpool pool list|get|put|plan|pause|resume|default|empty|remove`. */
export function pool(program: Command, cli: Cli): void {
  const verb = program.command("pool").description("the pools and their specs");
  verb.command("list").description("all pools").action(withSession(cli, list));
  verb
    .command("get")
    .description("one pool: what it shall be and what it is")
    .argument("<pool>", "its name")
    .action(withSession(cli, get));
  verb
    .command("put")
    .description("make a pool, or change it to what the file says")
    .argument("<file>", "its spec, JSON")
    .option("--yes", "also where machines are removed")
    .action(withSession(cli, put));
  verb
    .command("plan")
    .description("what a put of this file would do, and what cannot be placed and why; changes nothing")
    .argument("<file>", "its spec, JSON")
    .action(withSession(cli, plan));
  verb
    .command("pause")
    .description("create nothing and tear nothing down until it is resumed")
    .argument("<pool>", "its name")
    .action(withSession(cli, pause));
  verb
    .command("resume")
    .description("end a pause")
    .argument("<pool>", "its name")
    .action(withSession(cli, resume));
  verb
    .command("default")
    .description("make it the pool of whoever names none")
    .argument("<pool>", "its name")
    .action(withSession(cli, makeDefault));
  verb
    .command("empty")
    .description("pause it and tear its machines down, those that testers have left out")
    .argument("<pool>", "its name")
    .option("--release", "also release the testers who have a machine of it")
    .action(withSession(cli, empty));
  verb
    .command("remove")
    .description("remove a pool: its machines are torn down, on proof")
    .argument("<pool>", "its name")
    .option("--release", "also release the testers who have a machine of it")
    .action(withSession(cli, remove));
}

async function list(session: Session): Promise<void> {
  const pools = await session.client.pool.list.query();
  answer(session, pools, (all) =>
    all.length === 0 ? ["No pool yet."] : poolTable(all, session.out.columns),
  );
}

async function get(session: Session, name: string): Promise<void> {
  const found = await session.client.pool.get.query({ name });
  answer(session, found, (one) => poolLines(one, session.out.columns));
}

async function put(session: Session, file: string, { yes }: { yes?: true }): Promise<void> {
  const spec = readSpec(file);
  await announce(session, spec, yes === true);
  const pool = await session.client.pool.put.mutate(spec);
  answer(session, pool, (one) => [`Pool ${one.name} is stored.`, "", ...poolLines(one, session.out.columns)]);
}

async function pause(session: Session, name: string): Promise<void> {
  const pool = await session.client.pool.pause.mutate({ name });
  answerInWords(session, pool, (one) => [`Pool ${one.name} is paused.`]);
}

async function resume(session: Session, name: string): Promise<void> {
  const pool = await session.client.pool.resume.mutate({ name });
  answerInWords(session, pool, (one) => [`Pool ${one.name} goes on.`]);
}

async function makeDefault(session: Session, name: string): Promise<void> {
  const pool = await session.client.pool.default.mutate({ name });
  answerInWords(session, pool, (one) => [`Whoever names no pool gets a machine of ${one.name} from now on.`]);
}

async function empty(session: Session, name: string, { release }: { release?: true }): Promise<void> {
  const assigned = release === true ? "release" : "keep";
  const pool = await session.client.pool.empty.mutate({ name, assigned });
  answerInWords(session, pool, (one) => [
    `Pool ${one.name} is paused, and machines being torn down: ${one.counts.deleting}.`,
    ...(one.counts.assigned === 0
      ? []
      : [`Testers keep theirs: ${one.counts.assigned}. --release ends those too.`]),
    `Fill it again: \`${next(session, "pool", "resume", one.name)}\``,
  ]);
}

async function remove(session: Session, name: string, { release }: { release?: true }): Promise<void> {
  const removed = await advised("CONFLICT", "--release releases them.", () =>
    session.client.pool.remove.mutate({ name, release: release === true }),
  );
  answerInWords(session, removed, ({ machines, released }) => [
    `Pool ${name} is removed.`,
    ...(released === 0 ? [] : [`Testers released: ${released}.`]),
    machines === 0
      ? "It has no machine left."
      : `Machines being torn down: ${machines}; it is shown until the last is proven gone.`,
  ]);
}
