import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import { ifAllowed } from "../session/allowed.ts";
import { followChanges } from "../session/changes.ts";
import { isPassing } from "../session/patience.ts";
import { commandOf, printed, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { columnsOf, tableColumnsOf } from "../terminal/output.ts";
import { openScreen } from "../terminal/screen.ts";
import { TOP, topLines } from "../views/topView.ts";
import type { Freshness, TopFacts } from "../views/topView.ts";

/** `warmpool top`: what is going on, redrawn as it changes. */
export function top(program: Command, cli: Cli): void {
  program
    .command("top")
    .description("show pools, nodes, and what is under way, live until Ctrl-C")
    .addHelpText(
      "after",
      "\nWithout a terminal, and with -o or --columns, it prints once; csv and --columns\nare about the pools.",
    )
    .action(withSession(cli, show, TOP));
}

/** The clock on the page goes on without a question to the API. */
const REDRAW_MS = 1000;
/** How old the page may be if nobody reports changes. */
const LOOK_MS = 2000;
const SHOWN = 100;

async function show(session: Session): Promise<void> {
  const { out, cli, url } = session;
  const facts = await read(session);
  if (printed(session, facts, TOP)) return;
  if (out.screen.isTTY !== true || cli.env["TERM"] === "dumb") {
    return out.print(
      ...topLines(facts, { url, freshness: null, command: commandOf(session) }, out, Date.now()),
    );
  }
  const stop = new AbortController();
  const end = () => stop.abort();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  for (const signal of signals) process.once(signal, end);
  try {
    await live(session, facts, stop.signal);
  } finally {
    for (const signal of signals) process.off(signal, end);
  }
}

/** Keeps the page up to date until the signal ends it, and then leaves the terminal as it was. */
export async function live(session: Session, first: TopFacts, signal: AbortSignal): Promise<void> {
  const { client, cli, out, url } = session;
  const command = commandOf(session);
  let facts = first;
  let readAt = performance.now();
  let hasChanged = false;
  let isFollowing = false;
  let isLost = false;
  const screen = openScreen(out.screen);
  const unfollow = followChanges(client, {
    onChange: () => (hasChanged = true),
    onState: (state) => (isFollowing = state === "following"),
  });
  try {
    while (!signal.aborted) {
      if (hasChanged || (!isFollowing && performance.now() - readAt >= LOOK_MS)) {
        hasChanged = false;
        readAt = performance.now();
        const found = await read(session).catch(passing);
        isLost = found === null;
        hasChanged ||= isLost;
        facts = found ?? facts;
      }
      const freshness: Freshness = isLost ? "connection lost, retrying" : isFollowing ? "live" : "every 2 s";
      screen.draw(
        topLines(
          facts,
          { url, freshness, command },
          {
            columns: columnsOf(out.screen),
            tableColumns: tableColumnsOf(out.screen, cli.env),
            colors: out.colors,
          },
          Date.now(),
        ),
      );
      await delay(REDRAW_MS, undefined, { signal }).catch(() => {});
    }
  } finally {
    unfollow();
    screen.close();
  }
}

/** Null for an API that is away just now. */
function passing(error: unknown): null {
  if (isPassing(error)) return null;
  throw error;
}

async function read({ client }: Session): Promise<TopFacts> {
  const [pools, nodes, made, leaving, waiting, setups] = await Promise.all([
    client.pool.list.query(),
    ifAllowed(client.node.list.query()),
    ifAllowed(client.machine.list.query({ state: "provisioning", limit: SHOWN })),
    ifAllowed(client.machine.list.query({ state: "deleting", limit: SHOWN })),
    client.tester.list.query({ state: "waiting", limit: SHOWN }),
    client.tester.list.query({ state: "setting_up", limit: SHOWN }),
  ]);
  const machines = made === null || leaving === null ? null : [...made.items, ...leaving.items];
  return { pools, nodes, machines, testers: [...setups.items, ...waiting.items] };
}
