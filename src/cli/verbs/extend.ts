import type { Command } from "commander";
import type { Assignment } from "../../contract/assignment.ts";
import { answerInWords, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { testerOf, testerVerb } from "../inputs/testerOptions.ts";
import type { TesterOptions } from "../inputs/testerOptions.ts";
import { ahead, duration, parseDuration } from "../terminal/time.ts";

type Options = TesterOptions & { ttl: number };

/** `warmpool extend USER --ttl 2h`: the tester may keep the machine for so long, counted from when it was set up. */
export function extend(program: Command, cli: Cli): void {
  testerVerb(program, "extend", "let a tester keep their machine longer")
    .requiredOption(
      "--ttl <duration>",
      "the total time since it was set up, required: 90m, 2h, 7d",
      parseDuration,
    )
    .action(withSession(cli, act));
}

async function act(session: Session, user: string, options: Options): Promise<void> {
  const ttlSeconds = options.ttl;
  const assignment = await session.client.tester.extend.mutate({ ...testerOf(user, options), ttlSeconds });
  answerInWords(session, assignment, (extended) => [sentence(extended, ttlSeconds)]);
}

function sentence({ username, expiresAt }: Assignment, ttlSeconds: number): string {
  return expiresAt === null
    ? `${username} has ${duration(ttlSeconds)}, counted from the end of the set-up.`
    : `${username}'s time ends ${ahead(expiresAt, Date.now())}.`;
}
