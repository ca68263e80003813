import { createContext, useContext } from "react";
import type { SessionView } from "../../contract/session.ts";

/** Who is signed in, for every part of the page. */
export const Session = createContext<SessionView | null>(null);

export function useSession(): SessionView | null {
  return useContext(Session);
}

/** Why this person cannot change anything; null if they can. */
export function useReader(): string | null {
  return useSession()?.role === "viewer" ? "your token may only read" : null;
}

/** Told when the server says that the session has ended. */
let onEnded: (() => void) | null = null;

export function whenEnded(listener: (() => void) | null): void {
  onEnded = listener;
}

export function ended(): void {
  onEnded?.();
}
