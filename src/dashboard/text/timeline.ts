import type { TimelineEntry } from "../../contract/machine.ts";
import { spaced } from "./words.ts";

/** A machine's record as spans: what it was, for how long, and what happened meanwhile. Pure. */
export type Span = {
  id: number;
  at: string;
  /** The machine's state while this was the newest; null before the first. */
  state: string | null;
  /** Whether the state begins with this entry. */
  begins: boolean;
  title: string;
  /** Reason and actor, and the try if it was not the first. */
  detail: string;
  seconds: number | null;
  username: string | null;
  data: Record<string, unknown> | null;
};

/** Entries oldest first, as the API gives them. */
export function spansOf(entries: readonly TimelineEntry[]): Span[] {
  let state: string | null = null;
  return entries.map((entry) => {
    const begins = entry.kind === "machine" && entry.to !== null && entry.to !== entry.from;
    if (begins) state = entry.to;
    return {
      id: entry.id,
      at: entry.at,
      state,
      begins,
      title: titleOf(entry, begins),
      detail: detailOf(entry),
      seconds: begins ? entry.seconds : null,
      username: entry.username,
      data: entry.data,
    };
  });
}

function titleOf({ kind, from, to, reason }: TimelineEntry, begins: boolean): string {
  if (begins) return spaced(to ?? "");
  if (kind === "machine") return spaced(reason);
  if (to !== null) return `${spaced(kind)}: ${from === null ? "" : `${spaced(from)} → `}${spaced(to)}`;
  return spaced(kind);
}

function detailOf({ reason, actor, attempt }: TimelineEntry): string {
  const tried = attempt !== null && attempt > 1 ? `, try ${attempt}` : "";
  return `${reason}, by ${actor}${tried}`;
}

/** How long each phase of a create took, for the bar above the timeline: only states that have ended or run now. */
export function sharesOf(spans: readonly Span[]): { state: string; seconds: number; percent: number }[] {
  const states = spans.filter(({ begins, seconds }) => begins && seconds !== null && seconds > 0);
  const total = states.reduce((sum, { seconds }) => sum + (seconds ?? 0), 0);
  return states.map(({ state, seconds }) => ({
    state: state ?? "",
    seconds: seconds ?? 0,
    percent: total === 0 ? 0 : ((seconds ?? 0) / total) * 100,
  }));
}
