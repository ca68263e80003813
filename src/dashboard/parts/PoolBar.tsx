import type { PoolView } from "../../contract/pool.ts";
import { BAR, barOf, wordOf } from "../text/states.ts";
import { count } from "../text/words.ts";
import { Letter } from "./State.tsx";

/** A pool's lane: its machines by state up to `maxSize`, with a mark at the target. */
export function PoolBar({ pool, large }: { pool: PoolView; large?: boolean }) {
  const { counts, spec } = pool;
  const { pieces, targetPercent, total } = barOf(counts, spec);
  const words = pieces.map((piece) => `${piece.count} ${wordOf(piece.state)}`).join(", ");
  const label = `${count(total, "machine")} of ${spec.maxSize} at most: ${words === "" ? "none" : words}. Target: ${spec.targetSize} ready.`;
  return (
    <div>
      <div className={`lane ${large === true ? "large" : ""}`} role="img" aria-label={label} title={label}>
        {pieces.map(({ state, percent }) => (
          <span key={state} className={`f-${state}`} style={{ width: `${percent}%` }} />
        ))}
        <span className="target" style={{ left: `${targetPercent}%` }} />
      </div>
      <Legend pool={pool} />
    </div>
  );
}

function Legend({ pool: { counts } }: { pool: PoolView }) {
  const shown = BAR.filter((state) => counts[state] > 0 || state === "ready" || state === "assigned");
  return (
    <ul className="legend">
      {shown.map((state) => (
        <li key={state} className="state">
          <Letter state={state} />
          <span className={counts[state] === 0 ? "quiet" : ""}>
            {counts[state]} {wordOf(state)}
          </span>
        </li>
      ))}
    </ul>
  );
}
