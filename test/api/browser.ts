import { deadline } from "../helpers/patience.ts";

/** A browser as far as the edge sees one: it keeps the session's cookie and says from which page it asks. */
export type Browser = {
  signIn(by: { token: string } | { code: string }, headers?: Record<string, string>): Promise<Response>;
  /** With the cookie, and as from a page of ours unless `headers` say otherwise. */
  ask(path: string, init?: RequestInit): Promise<Response>;
  /** Calls a procedure; a mutation as POST. */
  query(procedure: string, input?: object): Promise<Response>;
  mutate(procedure: string, input?: object, headers?: Record<string, string>): Promise<Response>;
  cookie(): string | null;
};

export function browserAt(url: string): Browser {
  let cookie: string | null = null;
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${url}${path}`, {
      signal: deadline(30),
      ...init,
      headers: { ...(cookie === null ? {} : { cookie }), ...(init.headers as Record<string, string>) },
    });
  return {
    ask,
    cookie: () => cookie,
    async signIn(by, headers = { origin: url }) {
      const response = await ask("/session", {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(by),
      });
      const set = response.headers.get("set-cookie");
      if (set !== null) cookie = set.split(";")[0] ?? null;
      return response;
    },
    query: (procedure, input) =>
      ask(
        `/trpc/${procedure}${input === undefined ? "" : `?input=${encodeURIComponent(JSON.stringify(input))}`}`,
      ),
    mutate: (procedure, input, headers = { origin: url, "sec-fetch-site": "same-origin" }) =>
      ask(`/trpc/${procedure}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify(input ?? {}),
      }),
  };
}
