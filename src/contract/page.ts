import * as z from "zod";
import { assignmentView, ttlSeconds } from "./assignment.ts";
import { moment } from "./names.ts";
import { sshPublicKeys } from "./sshKey.ts";

/**
 * The tester's page, `/t/CODE`. Its calls carry `Authorization: Bearer wp_page_CODE`, which opens one assignment and
 * these procedures alone, until the assignment is released or the link is renewed.
 */

const PREFIX = "wp_page_";

/** The path of the page that this token (`wp_page_CODE`) is for; CODE is 43 characters of base64url. */
export function pagePath(token: string): string {
  return `/t/${token.slice(PREFIX.length)}`;
}

/** Adds keys to those that the assignment has, 50 in all at most; none is taken away. */
export const pageKeysInput = z.strictObject({
  sshKeys: sshPublicKeys.refine((keys) => keys.length > 0, "must have at least one key"),
});

/** `ttlSeconds` is the whole time, counted from `activeAt`: `extend.maxTtlSeconds` of the view at most. */
export const pageExtendInput = z.strictObject({ ttlSeconds });

export const pageWatchInput = z.strictObject({ lastEventId: z.string().max(200).nullish() });

const { pool, username, state, outputs, queue, setup, keyFingerprints, keysPending, error, ...rest } =
  assignmentView.shape;

/** One assignment as its tester sees it: what they need to wait and to log in, and nothing of the installation. */
export const pageView = z
  .strictObject({
    ...{ pool, username, state, outputs, queue, setup, keysPending, error },
    machine: rest.machine.unwrap().omit({ id: true }).nullable(),
    /** As `ssh-keygen -l` prints them. */
    keyFingerprints: keyFingerprints.unwrap(),
    createdAt: moment,
    activeAt: moment.nullable(),
    expiresAt: moment.nullable(),
    releasedAt: moment.nullable(),
    /** The whole time it has, counted from `activeAt`; null if it has no end. */
    ttlSeconds: z.int().nullable(),
    /** How long the tester may make it last, counted from `activeAt`; null if they cannot make it any longer now. */
    extend: z.strictObject({ maxTtlSeconds: z.int() }).nullable(),
    /** When the link ends at the latest; with the assignment it ends at once. */
    linkExpiresAt: moment,
  })
  .meta({ id: "TesterPage" });
export type PageView = z.infer<typeof pageView>;
