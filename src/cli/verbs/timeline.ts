import type { Command } from "commander";
import type { Page } from "../../contract/assignment.ts";
import type { TimelineEntry } from "../../contract/machine.ts";
import { causeOf, dayAndTime, reasonText } from "../views/record.ts";
import { answer, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { more, pageOf } from "../terminal/listing.ts";
import { atStops } from "../terminal/stops.ts";
import { clean, wrap } from "../terminal/text.ts";
import { duration } from "../terminal/time.ts";
import { wholeNumber } from "../inputs/wholeNumber.ts";

type TimelineOptions = { limit?: number; cursor?: string };

/** `warmpool machine timeline`: all that happened to one machine, oldest first. */
export function timeline(verb: Command, cli: Cli): void {
  verb
    .command("timeline")
    .description("show the history of a machine: when, what, for how long, why and by whom")
    .argument("<machine>", "its name or id")
    .option("--limit <count>", "maximum number of entries (default: 500)", wholeNumber)
    .option("--cursor <cursor>", "continue after the previous page")
    .action(withSession(cli, show, ENTRIES));
}

async function show(session: Session, id: string, options: TimelineOptions): Promise<void> {
  const page = await session.client.machine.timeline.query({ id, ...options });
  const lines = ({ items }: Page<TimelineEntry>) => timelineLines(items, session.out.tableColumns);
  answer(session, page, lines, ENTRIES);
  if (page.nextCursor !== null && !session.json) {
    session.out.note(`More follow: add --cursor ${page.nextCursor}`);
  }
}

const ENTRIES = pageOf<TimelineEntry>([
  { title: "AT", value: ({ at }) => at },
  { title: "KIND", value: ({ kind }) => kind },
  { title: "FROM", value: ({ from }) => from },
  { title: "TO", value: ({ to }) => to },
  { title: "SECONDS", value: ({ seconds }) => seconds, align: "right" },
  { title: "REASON", value: ({ reason }) => reason },
  { title: "BY", value: ({ actor }) => actor },
  { title: "CAUSE", value: causeOf },
  more("TESTER", ({ username }) => username),
  more("ATTEMPT", ({ attempt }) => attempt),
]);

const INDENT = 10;
const STOPS = [0, INDENT, 34, 43, 63];

/** A line an entry under the day it happened on, and what there is to know about it below. Nothing is cut. Pure. */
export function timelineLines(entries: TimelineEntry[], columns: number): string[] {
  const row = (...cells: string[]) => atStops(cells.map(clean), STOPS, columns);
  let before = "";
  const lines = entries.flatMap((entry) => {
    const { day, time } = dayAndTime(entry.at);
    const newDay = day === before ? [] : [day];
    before = day;
    const lasted = entry.seconds === null ? "" : duration(entry.seconds);
    const cause = causeOf(entry);
    return [
      ...newDay,
      ...row(time, whatOf(entry), lasted, reasonText(entry.reason), entry.actor),
      ...(cause === null
        ? []
        : wrap(clean(cause), columns - INDENT).map((line) => " ".repeat(INDENT) + line)),
    ];
  });
  return [...row("UTC", "WHAT", "FOR", "WHY", "BY"), ...lines];
}

function whatOf({ kind, from, to, username }: TimelineEntry): string {
  if (kind === "machine") return to ?? "-";
  if (kind === "assignment") return `${username ?? "tester"}: ${to ?? "changed"}`;
  return [kind, from === null || to === null ? "" : `${from} to ${to}`].filter(Boolean).join(" ");
}
