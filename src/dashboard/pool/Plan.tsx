import type { PoolChangePlan } from "../../contract/plan.ts";
import { Diff } from "../parts/Diff.tsx";
import { Facts } from "../parts/Layout.tsx";
import { plain } from "../text/foreign.ts";
import { count, list, spaced } from "../text/words.ts";

/** What a change would do, before it is done: the spec's difference, and the machines that are made, replaced and removed. */
export function Plan({
  plan,
  before,
  after,
  busy,
  put,
}: {
  plan: PoolChangePlan;
  before: string | null;
  after: string;
  busy: boolean;
  put: () => void;
}) {
  const { create, replace, remove, stay, unplaced, blocked, warnings, readyAtLeast, isNew, pool } = plan;
  return (
    <section className="stack" aria-label="Plan of the change">
      <h3>Effect of the change</h3>
      <Diff before={before ?? ""} after={after} />
      <Facts
        of={[
          ["made", create === 0 ? "none" : <span className="good">+ {count(create, "machine")}</span>],
          [
            "replaced",
            replace.length === 0
              ? "none"
              : `↻ ${count(replace.length, "machine")}, one at a time: ${list(replace)}`,
          ],
          [
            "removed",
            remove.length === 0 ? (
              "none"
            ) : (
              <span className="bad">
                − {count(remove.length, "machine")}: {list(remove)}
              </span>
            ),
          ],
          [
            "stay as they are",
            stay.length === 0
              ? null
              : `${count(stay.length, "assigned machine")}, until released: ${list(stay)}`,
          ],
          ["ready during the change", isNew ? null : `at least ${readyAtLeast}`],
          [
            "not placeable",
            unplaced === null ? null : (
              <span className="bad">
                {count(unplaced.count, "machine")}:{" "}
                {unplaced.binding
                  .map(
                    ({ node, constraint, detail }) =>
                      `${node} (${spaced(constraint)}${detail === null ? "" : `: ${plain(detail)}`})`,
                  )
                  .join("; ")}
              </span>
            ),
          ],
          [
            "held back",
            blocked === null
              ? null
              : blocked === "paused"
                ? "the pool is paused, so no machine is created"
                : "the maximum is reached, so no machine is created",
          ],
        ]}
      />
      {warnings.map((warning) => (
        <p key={warning} className="note warn">
          {plain(warning)}
        </p>
      ))}
      <div className="row end">
        <button type="button" className="button main" disabled={busy} onClick={put}>
          {busy ? "Putting…" : isNew ? `Make pool ${pool}` : "Put the change"}
        </button>
      </div>
    </section>
  );
}
