import { Option } from "commander";
import type { Command } from "commander";
import { ASSIGNMENT_STATES } from "../../contract/assignment.ts";
import type { AssignmentState } from "../../contract/assignment.ts";
import { assignmentLines } from "../views/assignmentView.ts";
import { ASSIGNMENT, ASSIGNMENT_COLUMNS } from "../views/assignmentColumns.ts";
import { LINK, printLink } from "../views/linkView.ts";
import { waitingReason } from "./assignWait.ts";
import { aboutTester } from "../session/existingTester.ts";
import { expectNamed } from "../session/namedFilters.ts";
import { answer, next, printed, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { table } from "../terminal/table.ts";
import { pageOf } from "../terminal/listing.ts";
import { testerOf, testerVerb, testerWords } from "../inputs/testerOptions.ts";
import type { TesterOptions } from "../inputs/testerOptions.ts";
import { wholeNumber } from "../inputs/wholeNumber.ts";

type ListOptions = { pool?: string; state?: AssignmentState; limit?: number; cursor?: string };

/**
 * `warmpool tester [show] USER`: where a tester's machine is, and what it offers; `warmpool tester link USER`: the
 * link to their page; `warmpool tester list`: all of them.
 */
export function tester(program: Command, cli: Cli): void {
  const verb = program
    .command("tester")
    .description("the testers and their machines: who waits, whose set-up failed");
  testerVerb(
    verb,
    "show",
    "show a tester's machine: state, outputs, how to log in (`show` may be left out)",
    {
      isDefault: true,
    },
  ).action(withSession(cli, show, ASSIGNMENT));
  testerVerb(verb, "link", "create the link to the tester's own page; it replaces the previous link").action(
    withSession(cli, link, LINK),
  );
  verb
    .command("list")
    .description("list testers, newest first: who waits, whose set-up failed, when each one expires")
    .option("--pool <pool>", "of this pool only")
    .addOption(new Option("--state <state>", "in this state only").choices(ASSIGNMENT_STATES))
    .option("--limit <count>", "maximum number of entries (default: 50; at most 500)", wholeNumber)
    .option("--cursor <cursor>", "continue after the previous page")
    .action(withSession(cli, list, TESTERS));
}

async function show(session: Session, user: string, options: TesterOptions): Promise<void> {
  const assignment = await aboutTester(
    session,
    { verb: ["tester"], tester: testerOf(user, options) },
    (tester) => session.client.tester.status.query(tester),
  );
  const logIn = next(session, "ssh", ...testerWords(user, options));
  const why = session.json ? null : await waitingReason(session, assignment);
  answer(
    session,
    assignment,
    (found) => assignmentLines(found, logIn, session.out, Date.now(), why),
    ASSIGNMENT,
  );
}

async function link(session: Session, user: string, options: TesterOptions): Promise<void> {
  const made = await aboutTester(
    session,
    { verb: ["tester", "link"], tester: testerOf(user, options) },
    (tester) => session.client.tester.link.mutate(tester),
  );
  if (printed(session, made, LINK)) return;
  printLink(
    session.out,
    made,
    `Anyone who has it can use the machine as ${user}; the previous link no longer works.`,
  );
}

async function list(session: Session, options: ListOptions): Promise<void> {
  const page = await session.client.tester.list.query(options);
  if (page.items.length === 0) await expectNamed(session, options);
  answer(
    session,
    page,
    ({ items }) =>
      items.length === 0 ? ["No such tester."] : table(ASSIGNMENT_COLUMNS, items, session.out.tableColumns),
    TESTERS,
  );
  if (page.nextCursor !== null && !session.json) {
    session.out.note(`More follow: add --cursor ${page.nextCursor}`);
  }
}

const TESTERS = pageOf(ASSIGNMENT_COLUMNS);
