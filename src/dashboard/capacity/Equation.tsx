import type { CapacityTerm } from "../../contract/capacity.ts";
import { list, spaced } from "../text/words.ts";

/** So many machines in all, less what takes each, is how many can still be placed. */
export function Equation({
  of: { nominal, terms, placeable },
}: {
  of: { nominal: number; terms: readonly CapacityTerm[]; placeable: number };
}) {
  const taken = terms.filter(({ count }) => count > 0);
  return (
    <div className="stack tight">
      <div
        className="stacked"
        role="img"
        aria-label={`${nominal} nominal${taken.map(({ kind, count }) => `, less ${count} ${spaced(kind)}`).join("")}: ${placeable} can be placed`}
      >
        {taken.map(({ kind, count, names }) => (
          <span
            key={kind}
            className={`f-${kind}`}
            style={{ flexGrow: count, flexBasis: 0 }}
            title={`${count} ${spaced(kind)}${names.length === 0 ? "" : `: ${list(names)}`}`}
          />
        ))}
        {placeable > 0 ? (
          <span style={{ flexGrow: placeable, flexBasis: 0 }} title={`${placeable} can be placed`} />
        ) : null}
      </div>
      <p className="soft">
        <strong>{nominal}</strong> nominal
        {taken.map(({ kind, count, names }) => (
          <span key={kind} title={list(names)}>
            {" "}
            − <strong>{count}</strong> {spaced(kind)}
          </span>
        ))}{" "}
        = <strong>{placeable}</strong> can be placed
      </p>
    </div>
  );
}
