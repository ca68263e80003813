import type { SessionView } from "../../contract/session.ts";
import { SignInError } from "./client.ts";

/** Signing in and out. The session is an HttpOnly cookie that scripts cannot read. */
const TIMEOUT_MS = 30_000;

async function ask(method: "GET" | "POST" | "DELETE", body?: object): Promise<Response> {
  return await fetch("/session", {
    method,
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...(body === undefined
      ? {}
      : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
}

/**
 * Who is signed in; null if nobody is.
 * @throws {SignInError} if the server answers with something else.
 */
export async function readSession(): Promise<SessionView | null> {
  const response = await ask("GET");
  if (response.status === 401 || response.status === 204) return null;
  if (!response.ok) throw new SignInError(await refusalOf(response));
  return (await response.json()) as SessionView;
}

/**
 * Signs in by a token, or by the code of a link that works once.
 * @throws {SignInError} with the server's reason if it refuses.
 */
export async function signIn(by: { token: string } | { code: string }): Promise<void> {
  const response = await ask("POST", by);
  if (!response.ok) throw new SignInError(await refusalOf(response));
}

export async function signOut(): Promise<void> {
  await ask("DELETE");
}

/** The reason of a problem document, or what the status means. */
async function refusalOf(response: Response): Promise<string> {
  const problem = (await response.json().catch(() => null)) as { detail?: unknown; title?: unknown } | null;
  const told = problem?.detail ?? problem?.title;
  return typeof told === "string" && told !== "" ? told : `The server responded with ${response.status}.`;
}
