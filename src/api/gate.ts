import { sha256 } from "../domain/core/hash.ts";
import { isPageText } from "../domain/access/pages.ts";
import { noteUse, validHashes } from "../domain/access/tokenList.ts";
import { type Caller, isBootstrap, isWellFormed } from "../domain/access/tokens.ts";
import { callerBy, type Credential, refusedAs } from "./credential.ts";
import type { Edge } from "./edge.ts";
import { HTTP_STATUS, WarmpoolError } from "../domain/core/errors.ts";
import { asWarmpoolError, type Told } from "./failures.ts";
import { createLimiter } from "./http/limiter.ts";
import { LIMITS } from "./limits.ts";
import type { Refusals } from "./refusals.ts";

/**
 * Identifies the caller, once per request and before anything else of it is read: its body is read for known callers
 * only. A caller without a valid token costs no statement (no token, or one of another form) or one, up to a limit per
 * minute and address. Beyond it, only tokens that are known to be valid are looked up: a flood of wrong tokens does not
 * lock out callers with the same address, which all callers behind a proxy have.
 */
export type Admitted = { caller: Caller; credential: Credential; hash: string };
export type Refused = { told: Told; headers: Record<string, string> };

export type Gate = {
  /** @param calls the number of procedures in the request */
  admit(
    edge: Edge,
    credential: Credential | null,
    calls: number,
    requestId: string,
  ): Promise<Admitted | Refused>;
};

/** The number of recently validated tokens that are kept. */
const MAX_KNOWN = 10_000;
const VALID_MS = 1000;
/** How long one request's reading of the valid tokens keeps others from reading them too; and how often these look. */
const READING_MS = 2000;
const LOOK_MS = 10;
/** The factor for requests that cost no statement. */
const FORMLESS = 10;
/** A tester's page sends a request every few seconds; its secret is in an e-mail and may be shared. */
const PAGE_REQUESTS_PER_MINUTE = 600;

export function createGate(refusals: Refusals, now: () => number = Date.now): Gate {
  const callers = createLimiter(now);
  const strangers = createLimiter(now);
  const formless = createLimiter(now);
  const known = new Set<string>();
  const valid = { at: -Infinity, hashes: new Set<string>(), readingSince: -Infinity };

  const remember = (hash: string) => {
    known.delete(hash);
    known.add(hash);
    const [oldest] = known;
    if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
  };
  /**
   * One statement a second at most, whoever asks. Whoever comes while it runs waits for its end, by looking: a Worker
   * may not await what another request has begun. `null` where that took too long to be told.
   */
  const isValid = async (edge: Edge, hash: string): Promise<boolean | null> => {
    for (let waited = 0; waited < READING_MS; waited += LOOK_MS) {
      if (now() - valid.at < VALID_MS) return valid.hashes.has(hash);
      if (now() - valid.readingSince >= READING_MS) {
        valid.readingSince = now();
        try {
          valid.hashes = await validHashes(edge.connection.db);
          valid.at = now();
        } finally {
          valid.readingSince = -Infinity;
        }
        return valid.hashes.has(hash);
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return null;
  };

  return {
    async admit(edge, credential, calls, requestId) {
      const limits = { ...LIMITS, ...edge.limits };
      const address = edge.address ?? "";
      const perMinute = limits.wrongTokensPerMinute;
      const stranger = (error: WarmpoolError, wait: number) => {
        refusals.note(credential === null ? "no_token" : "wrong_token");
        if (wait === 0) return refusal(error);
        return tooMany(`this address sent too many requests without a valid token`, wait);
      };
      try {
        if (credential === null)
          return stranger(unauthorized(null), formless.take(address, FORMLESS * perMinute));
        const hash = await sha256(credential.text);
        const bootstrap = credential.as === "bearer" && (await isBootstrap(hash, edge.adminToken));
        if (!bootstrap && !isWellFormed(credential.text))
          return stranger(unauthorized(credential), formless.take(address, FORMLESS * perMinute));
        const isKnown = bootstrap || known.has(hash);
        const wait = isKnown ? 0 : strangers.take(address, perMinute);
        if (wait > 0 && (await isValid(edge, hash)) === false)
          return stranger(unauthorized(credential), wait);
        const most = isPageText(credential.text)
          ? Math.min(limits.requestsPerMinute, PAGE_REQUESTS_PER_MINUTE)
          : limits.requestsPerMinute;
        const pause = callers.take(hash, most, calls);
        if (pause > 0) {
          refusals.note("rate_limited");
          return tooMany(`this token sent more than ${most} requests per minute`, pause);
        }
        const caller = await callerBy(edge.connection.db, credential, edge.adminToken).catch(
          (error: unknown) => {
            if (!(error instanceof WarmpoolError && error.code === "UNAUTHORIZED")) {
              if (!isKnown && wait === 0) strangers.giveBack(address, perMinute);
              throw error;
            }
            if (isKnown) strangers.take(address, perMinute);
            known.delete(hash);
            return error;
          },
        );
        if (caller instanceof WarmpoolError) return stranger(caller, 0);
        if (!isKnown && wait === 0) strangers.giveBack(address, perMinute);
        remember(hash);
        const { token, noted } = caller;
        if (token !== null && !noted) edge.after(() => noteUse(edge.connection.db, token));
        refusals.writeSoon(edge);
        return { caller, credential, hash };
      } catch (error) {
        return refusal(asWarmpoolError(error, requestId), requestId);
      }
    },
  };
}

function unauthorized(credential: Credential | null): WarmpoolError {
  return new WarmpoolError("UNAUTHORIZED", refusedAs(credential));
}

function refusal({ code, message }: WarmpoolError, requestId?: string): Refused {
  return {
    told: {
      code,
      httpStatus: HTTP_STATUS[code],
      message,
      ...(code === "INTERNAL" && requestId !== undefined ? { requestId } : {}),
    },
    headers: code === "UNAUTHORIZED" ? { "www-authenticate": "Bearer" } : {},
  };
}

/** The response beyond a limit. */
export function tooMany(what: string, waitSeconds: number): Refused {
  return {
    told: { code: "RATE_LIMITED", httpStatus: 429, message: `${what}; try again in ${waitSeconds} s` },
    headers: { "retry-after": String(waitSeconds) },
  };
}
