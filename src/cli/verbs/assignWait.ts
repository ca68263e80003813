import type { Assignment } from "../../contract/assignment.ts";
import { lookBeside, whyWaiting } from "../session/lookBeside.ts";
import type { Beside } from "../session/lookBeside.ts";
import { PATIENCE_SECONDS } from "../session/patience.ts";
import { inWords, next } from "../session/session.ts";
import type { Session } from "../session/session.ts";
import { watchUntilSettled } from "../session/watch.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import { trimDot } from "../terminal/text.ts";
import { progressView } from "../views/progressView.ts";

/**
 * `assign --wait`: shows the progress until the machine is ready.
 * @param words the tester, as the next command has to name them
 * @throws CliError if a person interrupts it, or if the connection stays lost; the assignment continues
 */
export async function watchAssigned(
  session: Session,
  tester: { username: string; pool?: string },
  words: string[],
  first: Assignment,
): Promise<Assignment> {
  const stop = new AbortController();
  const interrupted = () =>
    stop.abort(
      new CliError(
        EXIT.failed,
        `stopped watching; ${tester.username} keeps the assignment.`,
        `\`${next(session, "tester", ...words)}\` shows its progress, release returns the machine.`,
      ),
    );
  const view = progressView(session.out.progress, session.cli.env);
  process.once("SIGINT", interrupted);
  try {
    view.change(first);
    let outage: string | null = null;
    let isLost = false;
    const onLook = saying(session, (seen) => {
      ({ outage } = seen);
      view.beside(seen);
      if (isLost) view.connection("lost");
    });
    const beside = lookBeside(session, first.pool, { onLook, signal: stop.signal });
    return await watchUntilSettled(session.client, tester, {
      onChange: view.change,
      // A lost stream names no cause: it is shown after a look that may find one.
      onConnection: (state) => {
        isLost = state === "lost";
        if (isLost) beside.again();
        else view.connection(state);
      },
      signal: stop.signal,
      patienceSeconds: PATIENCE_SECONDS,
      outage: () => outage,
    });
  } finally {
    stop.abort();
    view.close();
    process.off("SIGINT", interrupted);
  }
}

/** Why a tester waits, in the words of this command line; null if they do not. */
export async function waitingReason(session: Session, assignment: Assignment): Promise<string | null> {
  const why = await whyWaiting(session.client, assignment);
  return why === null ? null : trimDot(inWords(session, why));
}

/** The times in a reason are as of when it was first seen, so that one that persists stays the same text. */
function saying(session: Session, onLook: (seen: Beside) => void): (seen: Beside) => void {
  let last: string | null = null;
  let said: string | null = null;
  return ({ hindrance, outage }) => {
    if (hindrance !== last) said = hindrance === null ? null : trimDot(inWords(session, hindrance));
    last = hindrance;
    onLook({ hindrance: said, outage });
  };
}
