import { own } from "../../contract/own.ts";
import type { EventHint } from "../../contract/event.ts";

/** What a hint of the event stream makes out of date. Pure. */
export type Stale = {
  /** First words of query keys. */
  topics: ReadonlySet<string>;
  /** Machines that changed, by id; null if so many did that all are to be read again. */
  machines: ReadonlySet<string> | null;
  /** Pools whose creates have come further. */
  making: ReadonlySet<string>;
};

/** Reading these one by one costs less than reading all of them. */
const MOST_MACHINES = 12;

const ABOUT_POOLS = ["pools", "capacity", "history"];
const BY_KIND: Readonly<Record<string, readonly string[]>> = {
  machine: [...ABOUT_POOLS, "machine", "timeline", "nodes", "deleted"],
  operation: ["machine", "timeline"],
  assignment: [...ABOUT_POOLS, "testers", "released", "assignment", "log", "machine", "timeline"],
  pool: [...ABOUT_POOLS, "check"],
  node: [...ABOUT_POOLS, "nodes", "check"],
  recipe: ["recipes"],
  token: ["tokens"],
  settings: ["settings"],
  webhook: ["webhook"],
  sweep: [...ABOUT_POOLS, "duties", "nodes", "testers", "assignment", "webhook"],
};

export function staleBy(hints: readonly EventHint[]): Stale {
  const topics = new Set<string>();
  const machines = new Set<string>();
  const making = new Set<string>();
  for (const { kind, machine, assignment, pool, id } of hints) {
    if (id !== null) topics.add("events");
    if (machine !== null) machines.add(machine);
    if (kind === "progress") {
      if (assignment !== null) for (const topic of ["testers", "assignment", "log"]) topics.add(topic);
      else if (pool !== null) making.add(pool);
      if (assignment === null) topics.add("machine");
      continue;
    }
    for (const topic of own(BY_KIND, kind) ?? ABOUT_POOLS) topics.add(topic);
    if (machine !== null) for (const topic of ["machine", "timeline"]) topics.add(topic);
    if (assignment !== null) for (const topic of ["testers", "assignment"]) topics.add(topic);
  }
  return { topics, machines: machines.size > MOST_MACHINES ? null : machines, making };
}
