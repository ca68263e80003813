import type { Command } from "commander";
import type { Assignment } from "../../contract/assignment.ts";
import { destroying, mayDestroy } from "../session/destroy.ts";
import type { DestroyOptions } from "../session/destroy.ts";
import { aboutTester } from "../session/existingTester.ts";
import { answerInWords, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { testerOf, testerVerb } from "../inputs/testerOptions.ts";
import type { TesterOptions } from "../inputs/testerOptions.ts";

/** `warmpool release USER`: ends a tester's hold; the machine is torn down. */
export function release(program: Command, cli: Cli): void {
  destroying(testerVerb(program, "release", "release a tester: the machine is torn down"), "never").action(
    withSession(cli, act),
  );
}

async function act(session: Session, user: string, options: DestroyOptions & TesterOptions): Promise<void> {
  const about = { verb: ["release"], tester: testerOf(user, options) };
  const goes = async () => {
    const { machine } = await aboutTester(session, about, (tester) =>
      session.client.tester.status.query(tester),
    );
    const what = machine === null ? "" : `; ${machine.name} would be torn down with all its data`;
    return [`${user} would be released${what}.`];
  };
  if (!(await mayDestroy(session, options, { goes, bare: true }))) return;
  const assignment = await aboutTester(session, about, (tester) =>
    session.client.tester.release.mutate(tester),
  );
  answerInWords(session, assignment, (released) => [sentence(released)]);
}

function sentence({ username, machine }: Assignment): string {
  return machine === null
    ? `${username} is released.`
    : `${username} is released; ${machine.name} is being torn down.`;
}
