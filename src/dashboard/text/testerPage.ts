import type { PageView } from "../../contract/page.ts";

/** The words of the tester's page. Pure. */

/** The bearer token of the page with that code, as src/contract/page.ts reads it, which would bring zod along. */
export function tokenOf(code: string): string {
  return `wp_page_${code}`;
}

export function titleOf({ state }: Pick<PageView, "state">): string {
  switch (state) {
    case "waiting":
      return "You are in the queue for a machine";
    case "setting_up":
      return "Your machine is being set up";
    case "active":
      return "Your machine is ready";
    case "failed":
      return "The set-up of your machine failed";
    case "released":
      return "You have released your machine";
  }
}

/** The whole time after asking for `more` seconds, as far as the pool allows; null if there is nothing left to ask for. */
export function extended(
  { ttlSeconds, extend }: Pick<PageView, "ttlSeconds" | "extend">,
  more: number,
): number | null {
  if (extend === null || ttlSeconds === null || extend.maxTtlSeconds <= ttlSeconds) return null;
  return Math.min(extend.maxTtlSeconds, ttlSeconds + more);
}

/** A line for known_hosts, as `ssh-keyscan` would print it: whoever adds it is never asked about the fingerprint. */
export function knownHostsLine({ host, port, hostKey }: NonNullable<PageView["machine"]>): string {
  const name = port === 22 ? host : `[${host}]:${port}`;
  return `${name} ${hostKey.type} ${hostKey.key}`;
}
