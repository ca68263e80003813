import { useState } from "react";
import type { PageView } from "../../contract/page.ts";
import { Until } from "../parts/Time.tsx";
import { extended } from "../text/testerPage.ts";
import { duration } from "../text/time.ts";
import type { Shown } from "./usePage.ts";

const MORE_SECONDS = 2 * 3600;

/** How long the machine is still theirs, and more of it within what the pool allows. */
export function TimeLeft({ view, shown }: { view: PageView; shown: Shown }) {
  const { expiresAt, ttlSeconds, extend } = view;
  const [problem, setProblem] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const total = extended(view, MORE_SECONDS);
  const ask = async () => {
    if (total === null) return;
    setBusy(true);
    setProblem(await shown.change((client) => client.page.extend.mutate({ ttlSeconds: total })));
    setBusy(false);
  };
  return (
    <section>
      <h2>Time left</h2>
      {expiresAt === null ? (
        <p>The machine is yours until you release it.</p>
      ) : (
        <p aria-live="polite">
          <strong>
            <Until at={expiresAt} />
          </strong>
          <span className="quiet"> then the machine is deleted with everything on it.</span>
        </p>
      )}
      {total === null || ttlSeconds === null ? (
        expiresAt === null ? null : (
          <p className="quiet">
            {extend === null
              ? "It cannot be extended here. Ask the person who sent you this link."
              : "It cannot be extended any further."}
          </p>
        )
      ) : (
        <>
          <button type="button" className="button large" disabled={busy} onClick={() => void ask()}>
            {busy ? "Asking…" : `I need longer (${duration(total - ttlSeconds)} more)`}
          </button>
          <p className="quiet">Up to {duration(extend?.maxTtlSeconds ?? total)} in all.</p>
        </>
      )}
      {problem === null ? null : (
        <p className="note bad" role="alert">
          {problem}
        </p>
      )}
    </section>
  );
}
