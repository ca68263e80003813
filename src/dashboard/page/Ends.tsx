import { useState } from "react";
import type { PageView } from "../../contract/page.ts";
import { Dialog } from "../parts/Dialog.tsx";
import { plain } from "../text/foreign.ts";
import type { Shown } from "./usePage.ts";

/** Giving the machine back. It asks first, for everything on it goes. */
export function Done({ view, shown }: { view: PageView; shown: Shown }) {
  const [isAsking, setAsking] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const name = view.machine?.name ?? "the machine";
  const end = async () => {
    setBusy(true);
    const refused = await shown.change((client) => client.page.release.mutate());
    setProblem(refused);
    setBusy(false);
    if (refused === null) setAsking(false);
  };
  return (
    <section>
      <button type="button" className="button large grave" onClick={() => setAsking(true)}>
        I am done
      </button>
      {isAsking ? (
        <Dialog title="Give the machine back?" onClose={() => setAsking(false)}>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (!busy) void end();
            }}
          >
            <div className="dialog-body">
              <p>
                <code>{name}</code> is deleted with everything on it. Save first what you want to keep.
              </p>
              {problem === null ? null : (
                <p className="note bad" role="alert">
                  {problem}
                </p>
              )}
            </div>
            <footer>
              <button type="button" className="button large" onClick={() => setAsking(false)}>
                Not yet
              </button>
              <button type="submit" className="button large main grave" disabled={busy}>
                Delete it
              </button>
            </footer>
          </form>
        </Dialog>
      ) : null}
    </section>
  );
}

export function Failed({ view, shown }: { view: PageView; shown: Shown }) {
  const { error } = view;
  return (
    <>
      <section>
        <p className="note bad">{error === null ? "No cause was given." : plain(error.message)}</p>
        <p>
          The operators of the machines see this too. Your place is kept: leave this page open, or come back
          to it.
        </p>
      </section>
      <Done view={view} shown={shown} />
    </>
  );
}

export function Over() {
  return (
    <section>
      <p>Thank you. The machine is being deleted with everything on it, and this link has ended.</p>
    </section>
  );
}
