import { useMemo } from "react";
import { type DiffLine, diffOf } from "../text/diff.ts";

const SIGNS: Record<DiffLine["kind"], [sign: string, word: string]> = {
  same: ["", ""],
  skipped: ["⋯", ""],
  added: ["+", "added"],
  gone: ["−", "removed"],
};

/** Two texts, line by line, with signs for those who do not see the colours. */
export function Diff({ before, after }: { before: string; after: string }) {
  const lines = useMemo(() => diffOf(before, after), [before, after]);
  if (lines.every(({ kind }) => kind === "same" || kind === "skipped"))
    return <p className="quiet">The text is the same.</p>;
  return (
    <div className="diff" tabIndex={0} role="region" aria-label="Difference">
      {lines.map(({ kind, text }, at) => (
        <div key={at} className={kind}>
          <span className="sign">
            <span aria-hidden="true">{SIGNS[kind][0]}</span>
            <span className="unseen">{SIGNS[kind][1]}</span>
          </span>
          <span>{text}</span>
        </div>
      ))}
    </div>
  );
}
