import { ZodError } from "zod";
import { errorCode, isWarmpoolError } from "../../client/index.ts";
import type { InstallationCheck } from "../../contract/installation.ts";
import { DATABASE_DOWN } from "../../contract/outage.ts";
import { NOT_MIGRATED } from "../../contract/schema.ts";
import type { DutyHeartbeat } from "../../contract/sweep.ts";
import type { TokenView } from "../../contract/token.ts";
import { askHealth } from "../session/outage.ts";
import { failureOf } from "../terminal/failure.ts";
import { ago, ahead, duration } from "../terminal/time.ts";
import { ok, wrong } from "./check.ts";
import type { Check } from "./check.ts";

/** What the edge and its database say, judged. Pure, but for `reach`. */

/** A clock that is off by more makes times of day in logs and on machines misleading. */
const CLOCK_SECONDS = 5;
const EXPIRES_SOON_SECONDS = 7 * 86_400;
const POSTGRES = { from: 15, to: 18 };

/** Asks for /healthz, which needs no token. Late duties and a missing migration are a matter of the other checks. */
export async function reach(url: string): Promise<{ checks: Check[]; silent: "edge" | "database" | null }> {
  const began = performance.now();
  try {
    const { status, problems } = await askHealth(url);
    const took = `${url} responds in ${Math.round(performance.now() - began)} ms`;
    const settings = problems.filter((problem) => !isOfOtherChecks(problem));
    const edge =
      settings.length === 0
        ? ok("edge", status === "failing" ? took : `${took}: ${status}`)
        : wrong("edge", settings.join("; "), "correct it in the edge's environment, and restart the edge");
    if (!problems.includes(DATABASE_DOWN)) return { checks: [edge], silent: null };
    const database = wrong(
      "database",
      DATABASE_DOWN,
      "start it, and check that the edge reaches it (DATABASE_URL)",
    );
    return { checks: [edge, database], silent: "database" };
  } catch (error) {
    const why =
      error instanceof ZodError || error instanceof SyntaxError
        ? "the response is not from Warmpool"
        : reason(error);
    const edge = wrong(
      "edge",
      `${url} does not respond: ${why}`,
      "start it (npm start, or on its host), or give another URL with --url",
    );
    return { checks: [edge], silent: "edge" };
  }
}

function isOfOtherChecks(problem: string): boolean {
  return problem === DATABASE_DOWN || problem === NOT_MIGRATED || problem.startsWith("duty ");
}

export function callerCheck({ caller }: InstallationCheck): Check {
  return ok("token", `has the role ${caller.role}, name "${caller.name}"`);
}

/** Where a query was refused: what is wrong goes by the code. A token is blamed for what only a token can cause. */
export function refused(error: unknown, url: string): Check {
  const { message, hint } = failureOf(error, url);
  const code = errorCode(error);
  if (isWarmpoolError(error) && error.message === NOT_MIGRATED)
    return wrong("migrations", message, "DATABASE_URL=… npx warmpool migrate");
  const isTokens = code === "UNAUTHORIZED" || code === "FORBIDDEN";
  const name = isTokens ? "token" : code === "UNAVAILABLE" ? "database" : "edge";
  return wrong(name, message, hint ?? "look at the edge's log");
}

export function databaseCheck({ database }: InstallationCheck): Check {
  const major = Number(/^\d+/.exec(database.version)?.[0]);
  return major >= POSTGRES.from && major <= POSTGRES.to
    ? ok("database", `Postgres ${database.version}`)
    : wrong(
        "database",
        `the version is Postgres ${database.version}`,
        `use Postgres ${POSTGRES.from} to ${POSTGRES.to}`,
      );
}

/** @param journal when each migration of this package was written, in order */
export function migrationsCheck({ database: { migrations } }: InstallationCheck, journal: number[]): Check {
  const head = journal.at(-1) ?? 0;
  const latest = migrations.latest ?? 0;
  if (latest === head) return ok("migrations", `all ${journal.length} are applied`);
  if (latest > head) {
    return wrong(
      "migrations",
      "the database is newer than this command",
      "use the same version of warmpool as the edge",
    );
  }
  const missing = journal.filter((when) => when > latest).length;
  return wrong(
    "migrations",
    `${missing} of ${journal.length} are missing`,
    "DATABASE_URL=… npx warmpool migrate",
  );
}

/** @param here this machine's clock when the answer came, `tookSeconds` after it was asked for */
export function clocksCheck({ clocks }: InstallationCheck, here: number, tookSeconds: number): Check {
  const edge = Date.parse(clocks.edge);
  const database = Date.parse(clocks.database);
  // What the edge read lies between the question and the answer.
  const offHere = Math.max(0, edge - here, here - tookSeconds * 1000 - edge) / 1000;
  const offDatabase = Math.abs(edge - database) / 1000;
  const off = [
    ...(offHere > CLOCK_SECONDS ? [`this machine and the edge by ${duration(offHere)}`] : []),
    ...(offDatabase > CLOCK_SECONDS ? [`the edge and the database by ${duration(offDatabase)}`] : []),
  ];
  return off.length === 0
    ? ok("clocks", "this machine, the edge and the database agree")
    : wrong("clocks", `they differ: ${off.join(", ")}`, "synchronize them with NTP");
}

export function dutiesCheck(duties: DutyHeartbeat[], now: number): Check {
  const late = duties
    .filter((duty) => duty.late)
    .map(({ duty, lastEndAt }) => `${duty} (last ended ${ago(lastEndAt, now)})`);
  if (late.length > 0) {
    return wrong(
      "duties",
      `late: ${late.join(", ")}`,
      "check that the cron trigger fires every minute; `warmpool sweep` runs them now",
    );
  }
  const failed = duties.filter(({ outcome }) => outcome === "failed");
  if (failed.length > 0) {
    const causes = failed.map(({ duty, error }) => `${duty}: ${error ?? "no cause reported"}`).join("; ");
    return wrong("duties", `failed in the last sweep: ${causes}`, "`warmpool sweep` retries now");
  }
  return ok("duties", "all ran on time");
}

/** Tokens that soon open nothing any more, and may be what the main app uses. */
export function tokensCheck(tokens: TokenView[], now: number): Check {
  const valid = tokens.filter(({ state, role }) => state === "valid" && role !== "join");
  const ending = valid.filter(
    ({ expiresAt }) => expiresAt !== null && (Date.parse(expiresAt) - now) / 1000 < EXPIRES_SOON_SECONDS,
  );
  if (ending.length === 0) return ok("tokens", `${valid.length} valid, none expires within 7 days`);
  const named = ending.map(
    ({ name, role, expiresAt }) => `"${name}" (${role}) ${ahead(expiresAt ?? "", now)}`,
  );
  return wrong(
    "tokens",
    `expire soon: ${named.join(", ")}`,
    "create a new token, deploy it, then revoke the old one",
  );
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
