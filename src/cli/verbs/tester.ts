import { Option } from "commander";
import type { Command } from "commander";
import { ASSIGNMENT_STATES } from "../../contract/assignment.ts";
import type { Assignment, AssignmentState } from "../../contract/assignment.ts";
import { assignmentLines, queueText } from "../views/assignmentView.ts";
import { printLink } from "../views/linkView.ts";
import { answer, next, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { table } from "../terminal/table.ts";
import type { Column } from "../terminal/table.ts";
import { testerOf, testerVerb, testerWords } from "../inputs/testerOptions.ts";
import type { TesterOptions } from "../inputs/testerOptions.ts";
import { ago, ahead } from "../terminal/time.ts";
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
  ).action(withSession(cli, show));
  testerVerb(verb, "link", "create the link to the tester's own page; it replaces the previous link").action(
    withSession(cli, link),
  );
  verb
    .command("list")
    .description("list testers, newest first: who waits, whose set-up failed, when each one expires")
    .option("--pool <pool>", "of this pool only")
    .addOption(new Option("--state <state>", "in this state only").choices(ASSIGNMENT_STATES))
    .option("--limit <count>", "maximum number of entries (50, up to 500)", wholeNumber)
    .option("--cursor <cursor>", "continue after the previous page")
    .action(withSession(cli, list));
}

async function show(session: Session, user: string, options: TesterOptions): Promise<void> {
  const assignment = await session.client.tester.status.query(testerOf(user, options));
  answer(session, assignment, (found) => {
    const logIn = next(session, "ssh", ...testerWords(user, options));
    return assignmentLines(found, logIn, session.out, Date.now());
  });
}

async function link(session: Session, user: string, options: TesterOptions): Promise<void> {
  const made = await session.client.tester.link.mutate(testerOf(user, options));
  printLink(
    session,
    made,
    `Anyone who has it can use the machine as ${user}; the previous link no longer works.`,
  );
}

async function list(session: Session, options: ListOptions): Promise<void> {
  const page = await session.client.tester.list.query(options);
  answer(session, page, ({ items }) =>
    items.length === 0 ? ["No such tester."] : table(columns(Date.now()), items, session.out.columns),
  );
  if (page.nextCursor !== null && !session.json) {
    session.out.note(`More follow: add --cursor ${page.nextCursor}`);
  }
}

function columns(now: number): Column<Assignment>[] {
  return [
    { title: "TESTER", value: ({ username }) => username, keep: true },
    { title: "STATE", value: ({ state }) => state },
    { title: "POOL", value: ({ pool }) => pool },
    { title: "MACHINE", value: ({ machine }) => machine?.name ?? null },
    { title: "ASKED", value: ({ createdAt }) => ago(createdAt, now) },
    { title: "ENDS", value: (one) => endText(one, now) },
    { title: "", value: aboutText },
  ];
}

/** When it ends by itself; of one that has ended, when that was. */
function endText({ state, expiresAt, releasedAt }: Assignment, now: number): string | null {
  if (state === "released") return ago(releasedAt, now);
  return expiresAt === null ? null : ahead(expiresAt, now);
}

/** Its place in the line, its step, or why it failed or cannot be used. */
function aboutText({ queue, setup, state, error }: Assignment): string {
  if (error !== null) return error.message;
  if (queue !== null) return queueText(queue);
  return setup === null || state !== "setting_up"
    ? ""
    : `step ${setup.step} of ${setup.steps}: ${setup.title}`;
}
