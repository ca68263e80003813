import type { Command } from "commander";
import type { PoolView } from "../contract/pool.ts";
import { announce, plan, readSpec } from "./poolPlan.ts";
import { answer, withSession } from "./session.ts";
import type { Cli, Session } from "./session.ts";
import { concerns, poolTable } from "./status.ts";
import { fields } from "./table.ts";
import type { Field } from "./table.ts";
import { duration } from "./time.ts";

/** `warmpool pool list|get|put|plan|pause|resume`. */
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
  answer(session, pool, (one) => [`Pool ${one.name} is paused.`]);
}

async function resume(session: Session, name: string): Promise<void> {
  const pool = await session.client.pool.resume.mutate({ name });
  answer(session, pool, (one) => [`Pool ${one.name} goes on.`]);
}

/** The pool's line in the table, what is amiss with it, and its spec. */
export function poolLines(pool: PoolView, columns: number): string[] {
  const { spec, runway } = pool;
  const amiss = concerns([pool], columns);
  const pairs: Field[] = [
    ["wanted", `${spec.targetSize} ready, ${spec.maxSize} machines at most`],
    ["shape", `${spec.shape.vcpus} vCPU, ${spec.shape.memoryMib} MiB memory, ${spec.shape.diskGib} GiB disk`],
    ["image", `${spec.image} (${spec.instanceType})`],
    ["recipe", spec.recipe],
    ["nodes", spec.nodes === undefined ? "any" : spec.nodes.join(", ")],
    ["admin keys", `${spec.adminSshKeys.length}, ${spec.keepAdminKeys ? "kept" : "removed"} at hand-over`],
    ["sudo", spec.sudo ? "testers may use it" : null],
    ["health", spec.healthCommand ?? null],
    ["ready when", spec.readyCommand ?? null],
    ["reached when", spec.accessCommand ?? null],
    ["boots within", duration(spec.bootTimeoutSeconds)],
    ["given up after", `${spec.failureThreshold} missed probes`],
    ["testers' time", spec.assignmentTtlSeconds === undefined ? null : duration(spec.assignmentTtlSeconds)],
    ["replaced after", spec.machineTtlSeconds === undefined ? null : duration(spec.machineTtlSeconds)],
    ["runway", runway === null ? null : runwayText(runway)],
  ];
  return [...poolTable([pool], columns), ...amiss, "", ...fields(pairs, columns)];
}

function runwayText({ claimsPerHour, emptyInSeconds }: NonNullable<PoolView["runway"]>): string {
  const empty = emptyInSeconds === null ? "" : `, empty in ${duration(emptyInSeconds)} at this rate`;
  return `${claimsPerHour} claims an hour${empty}`;
}
