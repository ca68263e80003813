import * as z from "zod";
import { errorCode, isWarmpoolError } from "../../client/index.ts";
import { DATABASE_DOWN } from "../../contract/outage.ts";

/** What does not respond when a call was not answered: Warmpool itself, or the database behind it. */

const REACH_MS = 10_000;

const healthView = z.object({ status: z.string(), problems: z.array(z.string()) });
export type Health = z.infer<typeof healthView>;

/**
 * Asks for /healthz, which needs no token, and is answered within seconds even if the database is away.
 * @throws ZodError or SyntaxError if the answer is not Warmpool's, or the error of `fetch`
 */
export async function askHealth(url: string, signal?: AbortSignal): Promise<Health> {
  const limits = [AbortSignal.timeout(REACH_MS), ...(signal === undefined ? [] : [signal])];
  const response = await fetch(`${url}/healthz`, { signal: AbortSignal.any(limits) });
  return healthView.parse(await response.json());
}

/** A clause for a call that may succeed later (`isPassing`): what does not respond. */
export async function outageText(failure: unknown, url: string, signal?: AbortSignal): Promise<string> {
  // The API's own words, without the advice to retry: whoever reads this is retrying.
  if (isWarmpoolError(failure) && errorCode(failure) !== null) return failure.message.split(";")[0] ?? "";
  const health = await askHealth(url, signal).catch(() => null);
  return health?.problems.includes(DATABASE_DOWN) === true ? DATABASE_DOWN : `${url} does not respond`;
}
