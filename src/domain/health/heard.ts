import { own } from "../../contract/own.ts";
import { NOT_LISTED, provesAbsence } from "../../contract/listing.ts";
import type { MachineState } from "../../contract/machine.ts";
import type { OperationResult } from "../../contract/operationResult.ts";
import type { NotAlive } from "../../db/tables/nodes.ts";
import type { Heard } from "./verdict.ts";

/** What a probe heard from each machine, put together from its answers, its listing and what was known. Pure. */

export type Probed = Extract<OperationResult, { outcome: "probed" }>;

/** A machine that the probe asked, as its row was when the result came in. */
export type KnownMachine = {
  id: string;
  name: string;
  pool: string;
  state: MachineState;
  strikes: number;
  failureThreshold: number;
  paused: boolean;
  /**
   * Whether the database was restored from a backup that may be from before it was given to somebody, and no admin has
   * looked at the node since.
   */
  doubtful: boolean;
  /** Whether its access is cut, so that it must be stopped. */
  cut: boolean;
};

export type HeardMachine = { known: KnownMachine; heard: Heard & { presented: string | null } };

/** Host keys that are not the pinned ones: of whom nobody knows, and of our other machines by their fingerprints. */
export type StrangeKeys = { ids: ReadonlySet<string>; siblings: ReadonlyMap<string, string> };

/** Why a machine did not answer at whose address another one does. */
export function answeredBy(sibling: string): string {
  return `another machine of this installation, ${sibling}, responds at its address: the address is wrong`;
}

/** Why a machine that nobody has in the database is not given to anybody: `assignment` was set up on it. */
export function takenCause(assignment: string): string {
  return `assignment ${assignment}, of which the database does not know here, was set up on it: it may be in use`;
}

/** Each of the machines with what the probe heard from it; those that it did not ask are left out. */
export function heardFrom(
  machines: readonly KnownMachine[],
  probed: Probed,
  strange: StrangeKeys,
): HeardMachine[] {
  const answers = new Map(probed.answers.map((answer) => [answer.id, answer]));
  const listed = provesAbsence(probed.listing) ? new Set(probed.listing.names) : null;
  return machines.flatMap((known) => {
    const answer = answers.get(known.id);
    if (answer === undefined) return [];
    const sibling = answer.presented === undefined ? undefined : strange.siblings.get(answer.presented);
    const heard = {
      answer: answer.answer,
      cause: causeOf(answer, sibling),
      listed: listed === null ? null : listed.has(known.name),
      ...(answer.absent === true
        ? { down: "absent" as const }
        : answer.stopped === true
          ? { down: "stopped" as const }
          : {}),
      presented: answer.presented ?? null,
      strangeKey: strange.ids.has(known.id),
      taken: answer.takenBy !== undefined,
    };
    return [{ known, heard }];
  });
}

function causeOf({ cause, takenBy }: Probed["answers"][number], sibling: string | undefined): string | null {
  if (takenBy !== undefined) return takenCause(takenBy);
  return sibling === undefined ? cause : answeredBy(sibling);
}

/** Whether a machine may be running, for all that was heard: it answers, or its node does not say that it is stopped. */
export function isUp({ answer, down, listed }: Heard): boolean {
  return answer !== "unknown" && down === undefined && listed !== false;
}

/** Whether what was heard may change the machine's row: all but a healthy answer from a machine without a strike. */
export function mayChange({ known, heard }: HeardMachine): boolean {
  const isFine = heard.answer === "alive" && heard.listed !== false && !heard.taken;
  return !isFine || known.strikes > 0 || known.state === "suspect";
}

/**
 * What the node's row keeps of the answers: those that were not `alive`.
 * @param before what it kept until now, from which it is known since when
 * @param at when the probe began
 */
export function notAliveOf(
  machines: readonly HeardMachine[],
  before: Readonly<Record<string, NotAlive>>,
  at: string,
): Record<string, NotAlive> {
  const notAlive = new Map<string, NotAlive>();
  for (const { known, heard } of machines) {
    const since = own(before, known.id)?.since ?? at;
    if (heard.listed === false)
      notAlive.set(known.id, { answer: "dead", cause: NOT_LISTED, since, down: "absent" });
    else if (heard.answer !== "alive") {
      const { answer, cause, presented } = heard;
      notAlive.set(known.id, {
        answer,
        cause,
        since,
        ...(heard.down === undefined ? {} : { down: heard.down }),
        ...(heard.strangeKey && presented !== null ? { presented } : {}),
      });
    }
  }
  return Object.fromEntries(notAlive);
}
