import { setTimeout as delay } from "node:timers/promises";
import type { Command } from "commander";
import type { SetupLog } from "../../contract/assignment.ts";
import { aboutTester } from "../session/existingTester.ts";
import { withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { patiently } from "../session/patience.ts";
import { testerOf, testerVerb } from "../inputs/testerOptions.ts";
import type { TesterOptions } from "../inputs/testerOptions.ts";
import { cleanLines } from "../terminal/text.ts";

type LogOptions = TesterOptions & { follow?: true };

const POLL_MS = 1000;

/** `warmpool log USER`: show what the set-up printed. */
export function log(program: Command, cli: Cli): void {
  testerVerb(program, "log", "show what the set-up printed")
    .option("-f, --follow", "keep printing until the set-up has finished")
    .action(withSession(cli, print));
}

async function print(session: Session, user: string, options: LogOptions): Promise<void> {
  const about = { verb: ["log"], tester: testerOf(user, options) };
  // The first call fails at once where something is wrong; only a log that was being followed is worth waiting for.
  let log = await aboutTester(session, about, (tester) => session.client.tester.log.query(tester));
  show(session, log, options);
  // One answer carries only so much; with --json it is printed as it is.
  while (!log.done && (options.follow === true || !session.json)) {
    const after = log.next;
    log = await patiently({ url: session.url, note: session.out.note }, () =>
      session.client.tester.log.query({ ...testerOf(user, options), after }),
    );
    show(session, log, options);
    if (log.done || log.next !== after) continue;
    if (options.follow !== true) return;
    await delay(POLL_MS);
  }
}

function show({ json, out }: Session, log: SetupLog, options: LogOptions): void {
  if (!json) out.write(cleanLines(log.text));
  // Following gives one answer a line, so that a reader can take them one by one.
  else if (options.follow === true) out.jsonLine(log);
  else out.json(log);
}
