import { setTimeout as delay } from "node:timers/promises";
import { Option } from "commander";
import type { Command } from "commander";
import type { Page } from "../../contract/assignment.ts";
import { EVENT_KINDS } from "../../contract/event.ts";
import type { EventKind, EventView } from "../../contract/event.ts";
import { keysOf } from "../../contract/keysOf.ts";
import { EventLog, EVENTS } from "../views/eventLog.ts";
import { patiently } from "../session/patience.ts";
import { expectNamed } from "../session/namedFilters.ts";
import { printed, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { isPlain } from "../terminal/form.ts";
import { wholeNumber } from "../inputs/wholeNumber.ts";

type EventsOptions = {
  pool?: string;
  machine?: string;
  node?: string;
  kind?: EventKind;
  actor?: string;
  limit?: number;
  cursor?: string;
  follow?: true;
};

/** Between two looks while following: the record is for people, and the database has other work. */
const POLL_MS = 2000;
/** No transaction that writes an event takes nearly as long. */
const SETTLED_MS = 10_000;
/** As many as one answer holds: what may still be overtaken has to be among them, however few are shown. */
const LOOK_BACK = 500;
/** What the API gives where nobody says how many. */
const SHOWN = 50;

/** `warmpool events`: the record of what was changed, by whom and why. */
export function events(program: Command, cli: Cli): void {
  program
    .command("events")
    .description("show what was changed, by whom and why, newest last")
    .option("--pool <pool>", "about this pool only")
    .option("--machine <machine>", "about this machine only, by name or id")
    .option("--node <node>", "about this node only")
    .addOption(
      new Option("--kind <kind>", "of this kind only (docs/codes.md explains them)").choices(
        keysOf(EVENT_KINDS),
      ),
    )
    .option("--actor <actor>", "by this actor only: a role such as admin, or one person, such as admin:anna")
    .option("--limit <count>", "maximum number of entries (default: 50; at most 500)", wholeNumber)
    .option("--cursor <cursor>", "cursor of the previous page, to show earlier entries")
    .option("-f, --follow", "keep printing new events until Ctrl-C; with --json one event per line")
    .action(withSession(cli, show, EVENTS));
}

async function show(session: Session, options: EventsOptions): Promise<void> {
  const { follow, machine, limit, cursor, ...rest } = options;
  const filter = machine === undefined ? rest : { ...rest, machine: await machineId(session, machine) };
  const count = follow === true ? LOOK_BACK : limit;
  const page = await session.client.event.list.query({
    ...filter,
    ...(count === undefined ? {} : { limit: count }),
    ...(cursor === undefined ? {} : { cursor }),
  });
  if (page.items.length === 0) await expectNamed(session, rest);
  const log = new EventLog(session.out.tableColumns);
  let form = session.form;
  const print = (found: Page<EventView>, latestLast: EventView[]) => {
    if (session.json && follow !== true) session.out.json(found);
    // Following gives an event a line, oldest first, so that a reader can take them one by one (NDJSON).
    else if (session.json) for (const event of latestLast) session.out.jsonLine(event);
    else if (isPlain(form)) session.out.print(...log.lines(latestLast));
    else {
      printed({ ...session, form }, { items: latestLast }, EVENTS);
      // The names of the columns come once.
      form = { ...form, headers: false };
    }
  };
  if (follow === true) {
    const items = page.items.slice(0, limit ?? SHOWN);
    const oldest = items.length < page.items.length ? items.at(-1) : undefined;
    const nextCursor = oldest === undefined ? page.nextCursor : String(oldest.id);
    print({ items, nextCursor }, items.toReversed());
    return followFrom(session, filter, page, print);
  }
  if (page.items.length === 0 && isPlain(session.form)) session.out.print("No such event.");
  else print(page, page.items.toReversed());
  if (page.nextCursor !== null && !session.json) {
    session.out.note(`Earlier ones: add --cursor ${page.nextCursor}`);
  }
}

/**
 * Prints what comes after those, for ever: the call rejects where Warmpool is away for longer than a moment. Beside the
 * latest of them others may be about to be stored, with lower ids: it begins a little earlier, and passes over what was
 * seen.
 */
async function followFrom(
  session: Session,
  filter: Pick<EventsOptions, "pool" | "machine" | "node" | "kind" | "actor">,
  seen: Page<EventView>,
  print: (found: Page<EventView>, latestLast: EventView[]) => void,
): Promise<never> {
  const known = new Set(seen.items.map(({ id }) => id));
  for (let after = settledOf(seen); ;) {
    const from = after;
    const found = await patiently({ url: session.url, note: session.out.note }, () =>
      session.client.event.list.query({ ...filter, after: from, limit: 500 }),
    );
    const items = found.items.filter(({ id }) => !known.has(id));
    if (items.length > 0) print({ ...found, items }, items);
    after = found.items.at(-1)?.id ?? after;
    if (found.nextCursor === null) await delay(POLL_MS);
  }
}

/**
 * The id of the latest event that nothing can be stored before any more. Where all are too new it is the earliest of
 * them, or before everything where there is none earlier.
 */
function settledOf({ items, nextCursor }: Page<EventView>): number {
  const latestAt = Date.parse(items[0]?.at ?? "");
  const settled = items.find(({ at }) => latestAt - Date.parse(at) > SETTLED_MS);
  if (settled === undefined && nextCursor === null) return 0;
  return (settled ?? items.at(-1))?.id ?? 0;
}

async function machineId(session: Session, idOrName: string): Promise<string> {
  const { id } = await session.client.machine.get.query({ id: idOrName });
  return id;
}
