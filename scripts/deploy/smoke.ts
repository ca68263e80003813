import { setTimeout as delay } from "node:timers/promises";

/** Whether what is deployed answers as Warmpool does, asked from outside and without a token. */
type Check = { path: string; status: readonly number[]; says?: RegExp; what: string };

const CHECKS: readonly Check[] = [
  { path: "/healthz", status: [200], says: /"status"/, what: "it reaches its database, and its duties run" },
  { path: "/", status: [200], says: /<html/i, what: "it serves the dashboard" },
  { path: "/admin/v1/pools", status: [401], what: "it asks for a token" },
  { path: "/trpc/pool.list", status: [401], says: /UNAUTHORIZED/, what: "its tRPC asks for a token" },
];

const CALL_SECONDS = 10;
const AGAIN_MS = 2000;

/**
 * @param seconds how long it may take until all of them are well: a version reaches every place only after a while
 * @returns what is not well, a sentence each
 */
export async function smoke(url: string, seconds: number): Promise<string[]> {
  const stopAt = performance.now() + seconds * 1000;
  for (;;) {
    const problems = (await Promise.all(CHECKS.map((check) => problemOf(url, check)))).filter(
      (one) => one !== null,
    );
    if (problems.length === 0 || performance.now() > stopAt) return problems;
    await delay(AGAIN_MS);
  }
}

async function problemOf(url: string, { path, status, says, what }: Check): Promise<string | null> {
  const about = `${path} does not show that ${what}`;
  try {
    const answer = await fetch(new URL(path, url), { signal: AbortSignal.timeout(CALL_SECONDS * 1000) });
    const text = await answer.text();
    if (!status.includes(answer.status)) return `${about}: ${answer.status} ${text.slice(0, 200)}`;
    return says === undefined || says.test(text) ? null : `${about}: ${text.slice(0, 200)}`;
  } catch (error) {
    const { cause } = error as Error;
    return `${about}: ${String(cause ?? error)}`;
  }
}
