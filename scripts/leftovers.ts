import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { hostHoldings } from "./leftovers/host.ts";
import { incusHoldings } from "./leftovers/incus.ts";

/**
 * What a host has that a run may leave behind, in its system and in its Incus. Two snapshots of it, before and after,
 * must differ by nothing.
 *
 *   node scripts/leftovers.ts save FILE       takes a snapshot
 *   node scripts/leftovers.ts compare FILE    prints the differences since then, exit code 1 where there are some
 *
 * Not looked at: the paths in WARMPOOL_APART (with colons between them), and the process WARMPOOL_BESIDE with all that
 * descends from it, which is another suite that runs at the same time.
 */
export type Snapshot = Record<string, string[]>;

/** @param apart paths that may come and go: the run's own folder. Nothing in or named after them is looked at. */
export async function snapshot(apart: readonly string[] = []): Promise<Snapshot> {
  const { WARMPOOL_APART: paths = "", WARMPOOL_BESIDE: beside = "" } = process.env;
  const ignored = [...apart, ...paths.split(":")];
  return { ...hostHoldings(ignored, beside === "" ? null : Number(beside)), incus: await incusHoldings() };
}

/** What ends by itself (a database's last process, a socket on its way) gets so long to do it. */
const SETTLE_MS = 10_000;

/** The differences since `before` that stay, looked for again for up to 10 s; see `differences`. */
export async function leftSince(before: Snapshot, apart: readonly string[]): Promise<string[]> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const found = differences(before, await snapshot(apart));
    if (found.length === 0 || performance.now() >= deadline) return found;
    await delay(250);
  }
}

/** One line a difference, `+` for what is there now and was not. */
function differences(before: Snapshot, after: Snapshot): string[] {
  return Object.keys(after).flatMap((kind) => {
    const was = new Set(before[kind]);
    const is = new Set(after[kind]);
    return [
      ...[...is].filter((item) => !was.has(item)).map((item) => `+ ${kind} ${item}`),
      ...[...was].filter((item) => !is.has(item)).map((item) => `- ${kind} ${item}`),
    ].filter((line) => !isEndOfAProcess(line));
  });
}

/** That something else on the host has ended is nothing left behind. */
function isEndOfAProcess(line: string): boolean {
  return line.startsWith("- process ");
}

async function main([verb, file]: string[]): Promise<number> {
  if (file === undefined || (verb !== "save" && verb !== "compare")) {
    console.error("usage: node scripts/leftovers.ts save|compare FILE");
    return 2;
  }
  if (verb === "save") {
    writeFileSync(file, JSON.stringify(await snapshot([file])));
    return 0;
  }
  const before = JSON.parse(readFileSync(file, "utf8")) as Snapshot;
  const found = await leftSince(before, [file]);
  console.log(found.length === 0 ? "Nothing was left behind." : found.join("\n"));
  return found.length === 0 ? 0 : 1;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(await main(process.argv.slice(2)));
