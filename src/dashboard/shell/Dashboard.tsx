import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useEffect, useState } from "react";
import type { SessionView } from "../../contract/session.ts";
import { SignInError } from "../server/client.ts";
import { readSession, signIn } from "../server/session.ts";
import { Session, whenEnded } from "./session.ts";
import { Shell } from "./Shell.tsx";

const SignIn = lazy(async () => ({ default: (await import("./SignIn.tsx")).SignIn }));

type Door =
  | { is: "looking" }
  | { is: "closed"; why: string | null }
  | { is: "open"; session: SessionView }
  | { is: "away" };

const AGAIN_MS = 2000;

/** Everything behind the sign-in. */
export function Dashboard() {
  const [door, setDoor] = useState<Door>({ is: "looking" });
  const client = useQueryClient();
  const look = useCallback(async (why: string | null = null) => {
    try {
      const session = await readSession();
      setDoor(session === null ? { is: "closed", why } : { is: "open", session });
    } catch {
      setDoor({ is: "away" });
    }
  }, []);
  useEffect(() => {
    void enter().then(look);
  }, [look]);
  useEffect(() => {
    whenEnded(() => {
      client.clear();
      setDoor({ is: "closed", why: "Your session has ended. Sign in again." });
    });
    return () => whenEnded(null);
  }, [client]);
  useEffect(() => {
    if (door.is !== "away") return;
    const timer = setInterval(() => void look(), AGAIN_MS);
    return () => clearInterval(timer);
  }, [door.is, look]);

  switch (door.is) {
    case "looking":
      return null;
    case "away":
      return (
        <main className="sign-in">
          <h1>The server does not respond</h1>
          <p>This page appears as soon as it does.</p>
        </main>
      );
    case "closed":
      return (
        <Suspense>
          <SignIn why={door.why} onDone={() => void look()} />
        </Suspense>
      );
    case "open":
      return (
        <Session value={door.session}>
          <Shell />
        </Session>
      );
  }
}

let entering: Promise<string | null> | null = null;

/** Uses up the code of a link that signs in once, and takes it out of the address. Once a page, however often asked. */
function enter(): Promise<string | null> {
  entering ??= useCode();
  return entering;
}

async function useCode(): Promise<string | null> {
  const address = new URL(location.href);
  const code = address.searchParams.get("code");
  if (code === null) return null;
  address.searchParams.delete("code");
  history.replaceState(null, "", address);
  try {
    await signIn({ code });
    return null;
  } catch (error) {
    return error instanceof SignInError
      ? `The link could not sign you in: ${error.message} Each link works once.`
      : "The server did not respond to the link. Sign in with a token.";
  }
}
