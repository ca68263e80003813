import type { Command } from "commander";
import { errorCode } from "../../client/index.ts";
import { TTL_BOUNDS } from "../../contract/assignment.ts";
import type { Assignment } from "../../contract/assignment.ts";
import { ifAllowed } from "../session/allowed.ts";
import { aboutTester } from "../session/existingTester.ts";
import { answerInWords, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { testerOf, testerVerb } from "../inputs/testerOptions.ts";
import type { TesterOptions } from "../inputs/testerOptions.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import { ahead, duration, durationWithin } from "../terminal/time.ts";

type Options = TesterOptions & { ttl: number };

/** `warmpool extend USER --ttl 2h`: the tester may keep the machine for so long, counted from when it was set up. */
export function extend(program: Command, cli: Cli): void {
  testerVerb(program, "extend", "let a tester keep their machine longer")
    .requiredOption(
      "--ttl <duration>",
      "the total time since it was set up, required: 90m, 2h, 7d",
      durationWithin({ min: TTL_BOUNDS.min, max: Infinity }),
    )
    .action(withSession(cli, act));
}

async function act(session: Session, user: string, options: Options): Promise<void> {
  const ttlSeconds = options.ttl;
  const about = { verb: ["extend"], tester: testerOf(user, options), rest: ["--ttl", `${ttlSeconds}s`] };
  const before = await aboutTester(session, about, (tester) => session.client.tester.status.query(tester));
  const assignment = await withinCeiling(session, ttlSeconds, () =>
    session.client.tester.extend.mutate({ ...testerOf(user, options), ttlSeconds }),
  );
  answerInWords(session, assignment, (extended) => [sentence(extended, before, ttlSeconds)]);
}

/**
 * The ceiling is a setting: only if the call was refused is it asked for, of those who may read it.
 * @throws CliError (wrong use) above the ceiling, whatever else the call throws
 */
async function withinCeiling<T>({ client }: Session, ttlSeconds: number, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const settings = errorCode(error) === "BAD_REQUEST" ? await ifAllowed(client.settings.get.query()) : null;
    if (settings === null || ttlSeconds <= settings.extendCeilingSeconds) throw error;
    throw new CliError(
      EXIT.wrongUse,
      `--ttl: at most ${duration(settings.extendCeilingSeconds)}, counted from the end of the set-up, or from its failure.`,
      "`warmpool settings put --extend-ceiling DURATION` changes the limit.",
      { cause: error },
    );
  }
}

function sentence({ username, expiresAt }: Assignment, before: Assignment, ttlSeconds: number): string {
  if (expiresAt === null)
    return `${username} has ${duration(ttlSeconds)}, counted from the end of the set-up.`;
  const ends = ahead(expiresAt, Date.now());
  return before.state === "active" && before.expiresAt === null
    ? `${username}'s time had no end until now; it ends ${ends}.`
    : `${username}'s time ends ${ends}.`;
}
