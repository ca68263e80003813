import type { EventView } from "../../contract/event.ts";
import { spaced } from "./words.ts";

/** Events in words. Pure. */

/** One JSON object a line, as the API gives them. */
export function ndjson(events: readonly EventView[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

/** `ready → assigned`, or the members of a spec that were changed. */
export function changeText({ before, after }: Pick<EventView, "before" | "after">): string {
  if (typeof before === "string" || typeof after === "string") {
    const [from, to] = [before, after].map((side) => (typeof side === "string" ? spaced(side) : null));
    if (from == null) return to ?? "";
    return to == null ? from : `${from} → ${to}`;
  }
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return names.join(", ");
}
