import type { PageView } from "../../contract/page.ts";
import { Ago } from "../parts/Time.tsx";
import { Bar, StepList } from "../tester/Setup.tsx";
import { plain } from "../text/foreign.ts";
import { stepsOf } from "../text/testers.ts";
import { duration, roughly } from "../text/time.ts";

/** Where somebody is who does not have their machine yet. */
export function Wait({ view }: { view: PageView }) {
  return view.state === "waiting" ? <InLine view={view} /> : <SettingUp view={view} />;
}

function InLine({ view: { queue, createdAt } }: { view: PageView }) {
  const eta = queue?.etaSeconds ?? null;
  const range = queue?.etaRange ?? null;
  return (
    <section aria-live="polite">
      {queue === null ? null : (
        <p>
          <span className="quiet">Your place</span>
          <br />
          <span className="place">{queue.position}</span>
        </p>
      )}
      <p>
        {eta === null ? "How long it takes is not known yet." : `It is your turn in ${roughly(eta)}.`}
        {range === null ? null : (
          <span className="quiet">
            {" "}
            Between {duration(range[0])} and {duration(range[1])}.
          </span>
        )}
      </p>
      <p className="quiet">
        Requested <Ago at={createdAt} />. You may close this page: the link keeps your place.
      </p>
    </section>
  );
}

function SettingUp({ view }: { view: PageView }) {
  const { setup, error } = view;
  return (
    <section>
      <Bar assignment={view} />
      {setup === null ? (
        <p className="quiet">It begins in a moment.</p>
      ) : (
        <>
          <p aria-live="polite">
            Step {setup.step} of {setup.steps}: {plain(setup.title)}
            {setup.etaSeconds === null ? "" : `. Ready in ${roughly(setup.etaSeconds)}.`}
          </p>
          <StepList steps={stepsOf(view, [])} now={setup.text ?? null} />
        </>
      )}
      {error === null ? null : <p className="note warn">{plain(error.message)}</p>}
    </section>
  );
}
