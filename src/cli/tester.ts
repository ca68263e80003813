import type { Command } from "commander";
import { answer, next, withSession } from "./session.ts";
import type { Cli, Session } from "./session.ts";
import { testerOf, testerVerb, testerWords } from "./testerOptions.ts";
import type { TesterOptions } from "./testerOptions.ts";
import { assignmentLines } from "./assignmentView.ts";

/** `warmpool tester USER`: where a tester's machine is, and what it offers. */
export function tester(program: Command, cli: Cli): void {
  testerVerb(program, "tester", "a tester's machine: state, outputs, how to log in").action(
    withSession(cli, show),
  );
}

async function show(session: Session, user: string, options: TesterOptions): Promise<void> {
  const assignment = await session.client.tester.status.query(testerOf(user, options));
  answer(session, assignment, (found) => {
    const logIn = next(session, "ssh", ...testerWords(user, options));
    return assignmentLines(found, logIn, session.out, Date.now());
  });
}
