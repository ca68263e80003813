import { useState } from "react";
import { reasonOf } from "../server/client.ts";
import { signIn } from "../server/session.ts";
import { Mark } from "./Mark.tsx";

/** Signing in by a token. It goes to the server once; the page keeps nothing of it. */
export function SignIn({ why, onDone }: { why: string | null; onDone: () => void }) {
  const [token, setToken] = useState("");
  const [problem, setProblem] = useState<string | null>(why);
  const [busy, setBusy] = useState(false);
  const submit = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await signIn({ token: token.trim() });
      onDone();
    } catch (error) {
      setProblem(reasonOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className="sign-in">
      <div className="brand">
        <Mark />
        Warmpool
      </div>
      <h1>Sign in</h1>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <div className="field">
          <label htmlFor="token">Token with the role admin or viewer</label>
          <input
            id="token"
            className="input mono"
            type="password"
            autoComplete="current-password"
            placeholder="wp_admin_…"
            required
            aria-invalid={problem !== null}
            aria-describedby="token-problem"
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
        </div>
        <p id="token-problem" role="alert" className={problem === null ? undefined : "note bad"}>
          {problem}
        </p>
        <button type="submit" className="button main" disabled={busy}>
          {busy ? "Signing in…" : "Sign in"}
        </button>
      </form>
      <p className="quiet">
        <code>npm start</code> prints a link that signs in once. To make a token:{" "}
        <code>npx warmpool token create NAME --role viewer</code>
      </p>
    </main>
  );
}
