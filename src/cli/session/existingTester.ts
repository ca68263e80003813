import { errorCode } from "../../client/index.ts";
import { isSystemAccount } from "../../contract/names.ts";
import { otherPoolsIn } from "../../contract/otherPools.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import { failureOf } from "../terminal/failure.ts";
import { next } from "./session.ts";
import type { Session } from "./session.ts";

/**
 * Runs a call about a tester who should have a machine, in the words of somebody who looks for one.
 * @param verb the words before the tester's name, and what follows it besides the pool: for a command line to try next
 * @throws CliError (not found) if nobody can be called so, or if the pool must be named; else what the call throws
 */
export async function aboutTester<Tester extends { username: string; pool?: string }, T>(
  session: Pick<Session, "sameTarget">,
  { verb, tester, rest = [] }: { verb: string[]; tester: Tester; rest?: string[] },
  call: (tester: Tester) => Promise<T>,
): Promise<T> {
  const { username } = tester;
  if (isSystemAccount(username)) {
    throw new CliError(
      EXIT.notFound,
      `${username} has no machine.`,
      "It is the name of a system account, which no tester can have.",
    );
  }
  try {
    return await call(tester);
  } catch (error) {
    if (errorCode(error) !== "NOT_FOUND" || !(error instanceof Error)) throw error;
    const commands = otherPoolsIn(error.message).map(
      (pool) => `\`${next(session, ...verb, username, "--pool", pool, ...rest)}\``,
    );
    if (commands.length === 0) throw error;
    const { exit, message } = failureOf(error, null);
    throw new CliError(exit, message, `Run ${commands.join(" or ")}`, { cause: error });
  }
}
