import type { Assignment } from "../../contract/assignment.ts";
import { own } from "../../contract/own.ts";
import { more, oneOf, since } from "../terminal/listing.ts";
import type { Column } from "../terminal/table.ts";
import { ago, ahead } from "../terminal/time.ts";
import { queueText } from "./assignmentView.ts";

/** Assignments as rows: one for `tester show` and `assign`, many for `tester list`. Pure. */
export const ASSIGNMENT_COLUMNS: Column<Assignment>[] = [
  { title: "TESTER", value: ({ username }) => username, keep: true },
  { title: "STATE", value: ({ state }) => state, keep: true },
  { title: "POOL", value: ({ pool }) => pool },
  { title: "MACHINE", value: ({ machine }) => machine?.name ?? null, keep: true },
  since("ASKED", ({ createdAt }) => createdAt),
  {
    title: "ENDS",
    value: endText,
    raw: ({ state, expiresAt, releasedAt }) => (state === "released" ? releasedAt : expiresAt),
    whole: true,
  },
  { title: "", name: "NOTE", value: aboutText, text: true },
  more("HOST", ({ machine }) => machine?.host ?? null),
  more("PORT", ({ machine }) => machine?.port ?? null),
  more("HOST KEY", ({ machine }) => machine?.hostKey.fingerprint ?? null),
  more("URL", ({ outputs }) => own(outputs, "url") ?? null),
  more("ACTIVE SINCE", ({ activeAt }) => activeAt),
  more("EXTERNAL ID", ({ externalId }) => externalId),
  more("ERROR", ({ error }) => error?.code ?? null),
  more("ID", ({ id }) => id),
];
export const ASSIGNMENT = oneOf(ASSIGNMENT_COLUMNS);

/** When it ends by itself; of one that has ended, when that was. */
function endText({ state, expiresAt, releasedAt }: Assignment): string | null {
  if (state === "released") return ago(releasedAt, Date.now());
  return expiresAt === null ? null : ahead(expiresAt, Date.now());
}

/** Its place in the line, its step, or why it failed or cannot be used. */
function aboutText({ queue, setup, state, error }: Assignment): string {
  if (error !== null) return error.message;
  if (queue !== null) return queueText(queue);
  return setup === null || state !== "setting_up"
    ? ""
    : `step ${setup.step} of ${setup.steps}: ${setup.title}`;
}
