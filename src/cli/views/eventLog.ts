import type { EventView } from "../../contract/event.ts";
import { own } from "../../contract/own.ts";
import { causeOf, dayAndTime, reasonText } from "./record.ts";
import { more, pageOf } from "../terminal/listing.ts";
import { atStops } from "../terminal/stops.ts";
import { clean, width, wrap } from "../terminal/text.ts";

const INDENT = 10;
const WHAT = 34;
const STOPS = [0, INDENT, INDENT + WHAT + 2, 64];

/** Events as rows, for -o and --columns. */
export const EVENTS = pageOf<EventView>([
  { title: "AT", value: ({ at }) => at },
  { title: "KIND", value: ({ kind }) => kind },
  { title: "SUBJECT", value: subjectOf },
  { title: "CHANGE", value: briefChange, raw: changeOf },
  { title: "REASON", value: ({ reason }) => reason },
  { title: "BY", value: ({ actor }) => actor },
  { title: "CAUSE", value: causeOf },
  more("POOL", ({ pool }) => pool),
  more("NODE", ({ node }) => node),
  more("MACHINE", ({ machineName }) => machineName),
  more("TESTER", ({ username }) => username),
  more("WHOLE CHANGE", changeOf),
  more("ID", ({ id }) => id),
]);

/** Events as lines, in the order given: `time  what happened  why  by whom`, under the day, causes below. Only long changes are cut. */
export class EventLog {
  readonly #columns: number;
  #day = "";

  constructor(columns: number) {
    this.#columns = columns;
  }

  lines(events: EventView[]): string[] {
    return events.flatMap((event) => this.#lines(event));
  }

  #lines(event: EventView): string[] {
    const { day, time } = dayAndTime(event.at);
    const heading = day === this.#day ? [] : [`${day} (UTC)`];
    this.#day = day;
    const subject = subjectOf(event);
    const change = briefChange(event);
    const whole = change === null ? subject : `${subject}: ${change}`;
    // What does not fit beside its reason stands below it, whole.
    const fits = width(clean(whole)) <= WHAT;
    const cells = [time, fits ? whole : subject, reasonText(event.reason), event.actor].map(clean);
    const below = [fits ? null : change, causeOf(event)].filter((words) => words !== null);
    return [
      ...heading,
      ...atStops(cells, STOPS, this.#columns),
      ...below
        .flatMap((words) => wrap(clean(words), this.#columns - INDENT))
        .map((line) => " ".repeat(INDENT) + line),
    ];
  }
}

/** What it is about: `machine` by its name alone, all others by kind and name. */
function subjectOf({ kind, machine, machineName, username, pool, node, data }: EventView): string {
  const named = typeof data?.["name"] === "string" ? data["name"] : null;
  const subjects: Record<string, string | null> = {
    machine: machineName ?? machine,
    assignment: username,
    pool,
    node,
  };
  const subject = own(subjects, kind) ?? named ?? machineName ?? node ?? pool;
  // A machine's name says what it is.
  return kind === "machine" ? (subject ?? kind) : [kind, subject].filter((word) => word !== null).join(" ");
}

/** A change as a person reads it; `-o wide`, CSV and --json have all of it. */
function briefChange(event: EventView): string | null {
  const change = event.kind === "sweep" ? sweepText(event) : changeOf(event);
  return change === null || change.length <= LONGEST
    ? change
    : `${change.slice(0, LONGEST)}… (whole: --json)`;
}

/** Four lines on a terminal. */
const LONGEST = 280;

/** `probe 2, replenish 1`: the duties of a sweep that changed something, and those that failed. */
function sweepText({ after }: EventView): string {
  const busy = Object.entries(typeof after === "object" ? { ...after } : {}).flatMap(([duty, value]) => {
    const end: Record<string, unknown> = typeof value === "object" ? { ...value } : {};
    if (own(end, "outcome") === "failed") return [`${duty} failed`];
    const changes = own(end, "changes");
    return typeof changes === "number" && changes > 0 ? [`${duty} ${changes}`] : [];
  });
  return busy.length === 0 ? "nothing to do" : busy.join(", ");
}

/** What that turned into: `ready to suspect`, or the members of a spec that changed; null where it changed nothing. */
function changeOf({ before, after }: EventView): string | null {
  if (typeof after === "string") return typeof before === "string" ? `${before} to ${after}` : after;
  if (typeof after !== "object" || after === null) return null;
  const was: Record<string, unknown> = typeof before === "object" ? { ...before } : {};
  const parts = Object.entries(after).map(([name, value]) =>
    own(was, name) === undefined
      ? `${name} ${text(value)}`
      : `${name} ${text(own(was, name))} to ${text(value)}`,
  );
  return parts.length === 0 ? null : parts.join(", ");
}

/** A value in words, with blanks at which a line can be wrapped: `(pools 2, created 1)` for an object. */
function text(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "";
  const parts = Array.isArray(value)
    ? value.map(text)
    : Object.entries(value).map(([name, part]) => `${name} ${text(part)}`);
  return `(${parts.join(", ")})`;
}
