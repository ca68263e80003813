import type { EventHint, EventNews } from "../../contract/event.ts";
import { own } from "../../contract/own.ts";
import type { Db } from "../../db/client.ts";
import { type EventRow, type Marks, oldestId, readHints, settledId } from "./hints.ts";

/**
 * What changes, read once a second at most however many watch on this instance. A watcher that comes while another one
 * reads waits by looking: a Worker may not await what another request has begun. Nothing is held back: an event is shown at
 * once, and a watcher's place moves only to where no earlier one can appear any more, so that a reconnect misses none.
 */
export type Feed = {
  /** A watcher's place: where a former stream ended, by its last id, or the present. */
  join(lastEventId: string | null): Watcher;
};

export type Watcher = {
  /** What is new to it, maybe nothing. @throws what the database does. */
  next(db: Db): Promise<EventNews>;
  /** Where a later stream continues. */
  place(): string;
};

const READ_MS = 1000;
const READING_MS = 5000;
const LOOK_MS = 20;
/** Events that are kept for watchers who are behind, and that one reading takes. */
const KEPT = 1000;

type State = {
  at: string;
  readAt: number;
  readingSince: number;
  /** Up to here no event can appear any more; null before the first reading. */
  settled: number | null;
  /** All events after `from`, oldest first. */
  from: number;
  events: EventRow[];
  marks: Marks;
  /** Hints of marks that changed, the last ones, and how many there were before them. */
  changes: EventHint[];
  dropped: number;
};

export function createFeed(now: () => number = Date.now): Feed {
  const state: State = {
    ...{ at: "", readAt: -Infinity, readingSince: -Infinity, settled: null, from: 0 },
    ...{ events: [], marks: {}, changes: [], dropped: 0 },
  };
  const refresh = async (db: Db) => {
    while (now() - state.readAt >= READ_MS) {
      if (now() - state.readingSince >= READING_MS) {
        state.readingSince = now();
        try {
          await read(db, state);
          state.readAt = now();
        } finally {
          state.readingSince = -Infinity;
        }
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  };
  return { join: (lastEventId) => watcher(state, refresh, lastEventId) };
}

async function read(db: Db, state: State): Promise<void> {
  if (state.settled === null) {
    state.settled = await settledId(db);
    state.from = state.settled;
  }
  const since = state.settled;
  const { at, events, marks } = await readHints(db, since, KEPT + 1);
  // Somebody who did not wait for this reading any more has read as far or further.
  if (state.settled !== since) return;
  if (events.length > KEPT) {
    // So many at once are not shown one by one: watchers that are behind read everything again.
    state.events = [];
    state.settled = await settledId(db);
    state.from = state.settled;
  } else {
    const kept = state.events.filter(({ id }) => id <= (state.settled ?? 0));
    const open = events.findIndex((event) => event.open);
    // Not the id before the first open one: that may be drawn, and not be there yet.
    const before = open === -1 ? events : events.slice(0, open);
    state.settled = before.at(-1)?.id ?? state.settled;
    state.events = [...kept, ...events];
    const surplus = state.events.length - KEPT;
    if (surplus > 0) state.from = state.events.splice(0, surplus).at(-1)?.id ?? state.from;
  }
  note(state, at, marks);
}

function note(state: State, at: string, marks: Marks): void {
  const changed = Object.keys({ ...state.marks, ...marks }).filter(
    (what) => own(marks, what) !== own(state.marks, what),
  );
  state.changes.push(...changed.map((what) => hintOf(what, at)));
  const surplus = state.changes.length - KEPT;
  if (surplus > 0) state.dropped += state.changes.splice(0, surplus).length;
  Object.assign(state, { at, marks });
}

function hintOf(what: string, at: string): EventHint {
  const [kind = "", pool, assignment] = what.split(" ").map((word) => (word === "-" ? null : word));
  return {
    ...{ id: null, at, kind: kind ?? "", reason: null, node: null, machine: null },
    ...{ pool: pool ?? null, assignment: assignment ?? null },
  };
}

function watcher(state: State, refresh: (db: Db) => Promise<void>, lastEventId: string | null): Watcher {
  let place = lastEventId !== null && /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : null;
  let changesSeen: number | null = null;
  let shown = new Set<number>();
  return {
    place: () => String(place ?? 0),
    async next(db) {
      await refresh(db);
      const { at, dropped, changes, marks } = state;
      const events = await eventsSince(db, state, place);
      const isBehind = changesSeen !== null && changesSeen < dropped;
      const since = events === null || isBehind ? null : (place ?? 0);
      const fresh = since === null ? [] : (events ?? []).filter(({ id }) => id > since && !shown.has(id));
      // A watcher that comes back has missed an unknown number of changes that are no events.
      const told =
        changesSeen === null
          ? Object.keys(marks).map((what) => hintOf(what, at))
          : changes.slice(changesSeen - dropped);
      place = state.settled ?? 0;
      changesSeen = dropped + changes.length;
      const known =
        since === null ? state.events.map(({ id }) => id) : [...shown, ...fresh.map(({ id }) => id)];
      shown = new Set(known.filter((id) => id > (place ?? 0)));
      if (since === null) return { at, reset: true, hints: [] };
      return { at, reset: false, hints: [...fresh.map(({ open: _, ...hint }): EventHint => hint), ...told] };
    },
  };
}

/** All events after a place; null if they are not known any more, or too many. */
async function eventsSince(db: Db, state: State, place: number | null): Promise<EventRow[] | null> {
  if (place === null || place > (state.settled ?? 0)) return null;
  if (place >= state.from) return state.events;
  const oldest = await oldestId(db);
  if (oldest === null || oldest > place + 1) return null;
  const { events } = await readHints(db, place, KEPT + 1);
  return events.length > KEPT ? null : events;
}
