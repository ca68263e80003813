import { queryOptions } from "@tanstack/react-query";
import type { Assignment } from "../../contract/assignment.ts";
import type { MachineView } from "../../contract/machine.ts";
import { server } from "./client.ts";

/**
 * Every question that the pages ask. The first word of a key is its topic: live.ts invalidates by it, so nothing here is
 * asked again by time.
 */
export const queries = {
  pools: () =>
    queryOptions({
      queryKey: ["pools"],
      queryFn: ({ signal }) => server.pool.list.query(undefined, { signal }),
    }),
  nodes: () =>
    queryOptions({
      queryKey: ["nodes"],
      queryFn: ({ signal }) => server.node.list.query(undefined, { signal }),
    }),
  duties: () =>
    queryOptions({
      queryKey: ["duties"],
      queryFn: ({ signal }) => server.sweep.duties.query(undefined, { signal }),
    }),
  /** All that are not proven gone. Compared by the page itself, cell by cell. */
  machines: () =>
    queryOptions({
      queryKey: ["machines"],
      queryFn: ({ signal }) => allMachines(signal),
      structuralSharing: false,
    }),
  deleted: () =>
    queryOptions({
      queryKey: ["deleted"],
      queryFn: async ({ signal }) =>
        (await server.machine.list.query({ state: "deleted", limit: 200 }, { signal })).items,
    }),
  machine: (id: string) =>
    queryOptions({
      queryKey: ["machine", id],
      queryFn: ({ signal }) => server.machine.get.query({ id }, { signal }),
    }),
  timeline: (id: string) =>
    queryOptions({
      queryKey: ["timeline", id],
      queryFn: async ({ signal }) => (await server.machine.timeline.query({ id }, { signal })).items,
    }),
  /** Testers who wait, are being set up, have a machine, or whose set-up failed: the newest 500 of each. */
  testers: () => queryOptions({ queryKey: ["testers"], queryFn: ({ signal }) => liveTesters(signal) }),
  released: () =>
    queryOptions({
      queryKey: ["released"],
      queryFn: async ({ signal }) =>
        (await server.tester.list.query({ state: "released", limit: 200 }, { signal })).items,
    }),
  assignment: (id: string) =>
    queryOptions({
      queryKey: ["assignment", id],
      queryFn: ({ signal }) => server.assignment.get.query({ id }, { signal }),
    }),
  history: (pool: string, hours: number) =>
    queryOptions({
      queryKey: ["history", pool, hours],
      queryFn: ({ signal }) => server.pool.history.query({ pool, hours }, { signal }),
    }),
  capacity: (about: { pool?: string; shape?: string }) =>
    queryOptions({
      queryKey: ["capacity", about],
      queryFn: ({ signal }) => server.capacity.report.query(about, { signal }),
    }),
  recipes: () =>
    queryOptions({
      queryKey: ["recipes"],
      queryFn: ({ signal }) => server.recipe.list.query(undefined, { signal }),
    }),
  recipeVersions: (name: string) =>
    queryOptions({
      queryKey: ["recipes", "versions", name],
      queryFn: ({ signal }) => server.recipe.versions.query({ name }, { signal }),
    }),
  tokens: () =>
    queryOptions({
      queryKey: ["tokens"],
      queryFn: ({ signal }) => server.token.list.query(undefined, { signal }),
    }),
  settings: () =>
    queryOptions({
      queryKey: ["settings"],
      queryFn: ({ signal }) => server.settings.get.query(undefined, { signal }),
    }),
  webhook: () =>
    queryOptions({
      queryKey: ["webhook"],
      queryFn: ({ signal }) => server.webhook.get.query({}, { signal }),
    }),
  check: () =>
    queryOptions({
      queryKey: ["check"],
      queryFn: ({ signal }) => server.installation.check.query(undefined, { signal }),
    }),
};

/** The API gives 500 a page; more than this many pages no pool may have. */
const MOST_PAGES = 40;

async function allMachines(signal: AbortSignal): Promise<MachineView[]> {
  const found: MachineView[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await server.machine.list.query(
      { limit: 500, ...(cursor === undefined ? {} : { cursor }) },
      { signal },
    );
    found.push(...answer.items);
    if (answer.nextCursor === null) break;
    cursor = answer.nextCursor;
  }
  return found;
}

async function liveTesters(signal: AbortSignal): Promise<Assignment[]> {
  const states = ["waiting", "setting_up", "active", "failed"] as const;
  const pages = await Promise.all(
    states.map((state) => server.tester.list.query({ state, limit: 500 }, { signal })),
  );
  return pages.flatMap(({ items }) => items);
}
