import type { Command } from "commander";
import type { Assignment } from "../contract/assignment.ts";
import { answerInWords, withSession } from "./session.ts";
import type { Cli, Session } from "./session.ts";
import { testerOf, testerVerb } from "./testerOptions.ts";
import type { TesterOptions } from "./testerOptions.ts";

/** `warmpool retry USER`: sets a failed assignment up again on its machine. */
export function retry(program: Command, cli: Cli): void {
  testerVerb(program, "retry", "set up again what failed, on the same machine").action(withSession(cli, act));
}

async function act(session: Session, user: string, options: TesterOptions): Promise<void> {
  const assignment = await session.client.tester.retry.mutate(testerOf(user, options));
  answerInWords(session, assignment, (retried) => [sentence(retried)]);
}

function sentence({ username, machine }: Assignment): string {
  return `${machine?.name ?? "The machine"} is being set up for ${username} again; steps that are done are skipped.`;
}
