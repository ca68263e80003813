import { own } from "../../contract/own.ts";

/** What timeline and events share: how an entry of the record is put into words. Pure. */

/** `2026-11-25` and `01:43:31`, in UTC as servers' logs are. */
export function dayAndTime(iso: string): { day: string; time: string } {
  const at = new Date(iso).toISOString();
  return { day: at.slice(0, 10), time: at.slice(11, 19) };
}

/** A reason's code as words: `probe_dead` is `probe dead`. docs/codes.md explains each. */
export function reasonText(reason: string): string {
  return reason.replaceAll("_", " ");
}

/** The words that somebody or something gave for it, and the tries it took; null where there are none. */
export function causeOf({
  data,
  attempt = null,
}: {
  data: Record<string, unknown> | null;
  attempt?: number | null;
}): string | null {
  const words = ["message", "cause", "error", "note"]
    .map((name) => (data === null ? undefined : own(data, name)))
    .filter((value) => typeof value === "string" && value !== "");
  const step = typeof data?.["step"] === "string" ? [`step ${data["step"]}`] : [];
  const tries = attempt !== null && attempt > 1 ? [`try ${attempt}`] : [];
  const parts = [...tries, ...step, ...words];
  return parts.length === 0 ? null : parts.join(": ");
}
