import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { until } from "../../../test/helpers/until.ts";
import { machine, machines } from "../../harness/interface.ts";
import { POOL } from "../../harness/part.ts";
import { getPool } from "../../harness/pools.ts";
import type { Rpc } from "../../harness/rpc.ts";
import { must, type Scene } from "./operator.ts";

/** A4: a new image for a pool that has room for all of its machines but no more than its testers leave. */
const TARGET = 3;
const ROLLOUT_SECONDS = 300;

const rows = machines.extend({ items: z.array(machine.extend({ stale: z.boolean() })) });
const plan = z.looseObject({ readyAtLeast: z.int(), replace: z.array(z.string()) });
const events = z.looseObject({
  items: z.array(z.looseObject({ id: z.int(), before: z.unknown(), after: z.unknown() })),
  nextCursor: z.string().nullable(),
});

export async function rollout({ report, stack, operator, folder }: Scene, image: string): Promise<void> {
  const { admin } = stack;
  const { spec, counts } = await getPool(admin, POOL);
  must(counts.ready === TARGET && counts.assigned === 2, `the pool has ${JSON.stringify(counts)}`);
  const file = join(folder, "next.json");
  await writeFile(file, JSON.stringify({ ...spec, image }));
  const promised = await report.check(
    `A4 target ${TARGET}, maxSize ${spec.maxSize}, 2 testers, a new image: pool plan promises ${TARGET - 1} ready`,
    async () => {
      const { readyAtLeast, replace } = await admin.query("pool.plan", { ...spec, image }, plan);
      must(replace.length === TARGET && readyAtLeast === TARGET - 1, `it promises ${readyAtLeast}`);
      report.note(await operator.reads(`pool plan ${file}`, [/.+/]));
      return readyAtLeast;
    },
  );
  await report.check(
    `A4 never fewer than ${promised} are ready while the machines are replaced`,
    async () => {
      const newest = await newestEvent(admin);
      const startedAt = performance.now();
      await operator.warmpool(`pool put ${file} --yes`);
      await operator.sweepUntil("ready machines of the new image", () => allCurrent(admin), ROLLOUT_SECONDS);
      const seconds = Math.round((performance.now() - startedAt) / 1000);
      // An event is listed once no earlier one can come before it any more.
      const course = await until("the record of the last move", async () => {
        const listed = await readyAfter(admin, newest, TARGET);
        return listed.length > 1 && listed.at(-1) === TARGET && listed;
      });
      must(Math.min(...course) >= promised, `ready went ${course.join(" → ")}`);
      return `ready: ${course.join(" → ")}, in ${seconds} s, by the record of every move`;
    },
  );
}

/** Whether so many ready machines are of the new image, and nothing is under way. */
async function allCurrent(admin: Rpc): Promise<boolean> {
  const { items } = await admin.query("machine.list", { pool: POOL, limit: 500 }, rows);
  const free = items.filter(({ state }) => state !== "assigned");
  const current = free.filter(({ state, stale }) => state === "ready" && !stale);
  if (current.length === TARGET && free.length === TARGET) return true;
  throw new Error(
    free.map(({ name, state, stale }) => `${name} ${state}${stale ? ", stale" : ""}`).join("; "),
  );
}

async function newestEvent(admin: Rpc): Promise<number> {
  const { items } = await admin.query("event.list", { limit: 1 }, events);
  return items[0]?.id ?? 0;
}

/** How many were ready after each move of a machine of the pool since that event, by the record of all moves. */
async function readyAfter(admin: Rpc, after: number, start: number): Promise<number[]> {
  const course = [start];
  const { items, nextCursor } = await admin.query(
    "event.list",
    { pool: POOL, kind: "machine", after, limit: 500 },
    events,
  );
  must(nextCursor === null, "there are more events than one page has");
  for (const { before, after: to } of items) {
    const change = Number(to === "ready") - Number(before === "ready" && to !== null);
    if (change !== 0) course.push((course.at(-1) ?? 0) + change);
  }
  return course;
}
