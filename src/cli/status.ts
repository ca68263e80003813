import type { Command } from "commander";
import type { PoolView } from "../contract/pool.ts";
import { answer, withSession } from "./session.ts";
import type { Cli, Session } from "./session.ts";
import { table } from "./table.ts";
import type { Column } from "./table.ts";
import { clean, wrap } from "./text.ts";
import { ago } from "./time.ts";

/** `warmpool status`: how every pool stands. */
export function status(program: Command, cli: Cli): void {
  program.command("status").description("how the pools stand").action(withSession(cli, show));
}

async function show(session: Session): Promise<void> {
  const pools = await session.client.pool.list.query();
  answer(session, pools, (all) =>
    all.length === 0
      ? ["No pool yet. Make one with `npx warmpool pool put FILE`."]
      : [...poolTable(all, session.out.columns), ...concerns(all, session.out.columns)],
  );
}

const COLUMNS: Column<PoolView>[] = [
  { title: "POOL", value: (pool) => pool.name, keep: true },
  { title: "READY", value: (pool) => `${pool.claimable}/${pool.spec.targetSize}`, align: "right" },
  { title: "NEW", value: (pool) => pool.counts.provisioning, align: "right" },
  { title: "SUSPECT", value: (pool) => pool.counts.suspect, align: "right" },
  { title: "IN USE", value: (pool) => pool.counts.assigned, align: "right" },
  { title: "HELD", value: (pool) => pool.counts.held, align: "right" },
  { title: "LEAVING", value: (pool) => pool.counts.deleting, align: "right" },
  { title: "WAITING", value: (pool) => pool.waiting, align: "right" },
  { title: "", value: (pool) => (pool.paused ? "paused" : "") },
];

/** A line for each pool: ready of wanted, then its machines by what they are doing. */
export function poolTable(pools: PoolView[], columns: number): string[] {
  return table(COLUMNS, pools, columns);
}

/** A sentence for each condition that does not hold: its cause, and what to do about it. */
export function concerns(pools: PoolView[], columns: number, now: number = Date.now()): string[] {
  return pools.flatMap((pool) =>
    pool.conditions
      .filter(({ status }) => !status)
      .flatMap((condition) =>
        wrap(
          clean(`${pool.name}: ${condition.message} (${condition.reason}, ${ago(condition.since, now)})`),
          columns,
        ),
      ),
  );
}
