import type { Command } from "commander";
import type { Assignment } from "../contract/assignment.ts";
import { answerInWords, withSession } from "./session.ts";
import type { Cli, Session } from "./session.ts";
import { testerOf, testerVerb } from "./testerOptions.ts";
import type { TesterOptions } from "./testerOptions.ts";

/** `warmpool release USER`: ends a tester's hold; the machine is torn down. */
export function release(program: Command, cli: Cli): void {
  testerVerb(program, "release", "take the machine back and tear it down").action(withSession(cli, act));
}

async function act(session: Session, user: string, options: TesterOptions): Promise<void> {
  const assignment = await session.client.tester.release.mutate(testerOf(user, options));
  answerInWords(session, assignment, (released) => [sentence(released)]);
}

function sentence({ username, machine }: Assignment): string {
  return machine === null
    ? `${username} is released.`
    : `${username} is released; ${machine.name} is being torn down.`;
}
