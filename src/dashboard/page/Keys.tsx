import { useId, useState } from "react";
import type { PageView } from "../../contract/page.ts";
import type { Shown } from "./usePage.ts";

/** The keys that open the account, and a place to paste another. */
export function Keys({ view, shown }: { view: PageView; shown: Shown }) {
  const { keyFingerprints, keysPending } = view;
  const [text, setText] = useState("");
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const id = useId();
  const add = async () => {
    setBusy(true);
    const sshKeys = text.split("\n").filter((line) => line.trim() !== "");
    const refused = await shown.change((client) => client.page.addKeys.mutate({ sshKeys }));
    setProblem(refused);
    if (refused === null) setText("");
    setBusy(false);
  };
  return (
    <section>
      <h2>Your SSH keys</h2>
      {keyFingerprints.length === 0 ? (
        <p className="note warn">There is none yet. Without one you cannot log in.</p>
      ) : (
        <ul className="stack tight">
          {keyFingerprints.map((fingerprint) => (
            <li key={fingerprint}>
              <code>{fingerprint}</code>
            </li>
          ))}
        </ul>
      )}
      {keysPending ? <p className="note">Your new key is being installed on the machine.</p> : null}
      <details open={keyFingerprints.length === 0}>
        <summary>Add a key</summary>
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            if (!busy) void add();
          }}
        >
          <div className="field">
            <label htmlFor={id}>Public key: the line in a file such as ~/.ssh/id_ed25519.pub</label>
            <textarea
              id={id}
              className="input mono"
              required
              spellCheck={false}
              placeholder="ssh-ed25519 AAAA… you@laptop"
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          </div>
          {problem === null ? null : (
            <p className="note bad" role="alert">
              {problem}
            </p>
          )}
          <button type="submit" className="button large" disabled={busy}>
            {busy ? "Adding…" : "Add this key"}
          </button>
        </form>
      </details>
    </section>
  );
}
