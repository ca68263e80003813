import { infiniteQueryOptions } from "@tanstack/react-query";
import type { EventView } from "../../contract/event.ts";
import { server } from "./client.ts";

/** Which events; what is empty is any. */
export type EventFilter = { kind: string; actor: string; pool: string };

const A_PAGE = 100;
/** An export is so many events at most. */
const MOST_PAGES = 40;

function inputOf({ kind, actor, pool }: EventFilter) {
  return {
    ...(kind === "" ? {} : { kind }),
    ...(actor === "" ? {} : { actor }),
    ...(pool === "" ? {} : { pool }),
  };
}

/** Newest first. What is not followed keeps its key apart from the topic that live.ts invalidates. */
export function eventsQuery(filter: EventFilter, follow: boolean) {
  return infiniteQueryOptions({
    queryKey: [follow ? "events" : "events still", filter],
    initialPageParam: "",
    queryFn: ({ pageParam, signal }) =>
      server.event.list.query(
        { ...inputOf(filter), limit: A_PAGE, ...(pageParam === "" ? {} : { cursor: pageParam }) },
        { signal },
      ),
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  });
}

/** Every event that passes, newest first. */
export async function allEvents(filter: EventFilter): Promise<EventView[]> {
  const found: EventView[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const answer = await server.event.list.query({
      ...inputOf(filter),
      limit: 500,
      ...(cursor === undefined ? {} : { cursor }),
    });
    found.push(...answer.items);
    if (answer.nextCursor === null) break;
    cursor = answer.nextCursor;
  }
  return found;
}
