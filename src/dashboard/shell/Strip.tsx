import { useSyncExternalStore } from "react";
import { Link } from "wouter";
import { useClock } from "../parts/now.ts";
import { Tone } from "../parts/Tone.tsx";
import { Words } from "../parts/Words.tsx";
import { onLive, readLive } from "../server/live.ts";
import { duration } from "../text/time.ts";
import { Glyph } from "./Glyph.tsx";
import { sentenceOf } from "../text/status.ts";
import { useProblems } from "./problems.ts";

/** How everything is, in one sentence, and whether that is how it is now. */
export function Strip({ onSearch }: { onSearch: () => void }) {
  const problems = useProblems();
  const [first] = problems ?? [];
  return (
    <header className="strip">
      <div className="sentence" role="status">
        {problems === null ? (
          <span className="quiet pulse">Loading…</span>
        ) : first === undefined ? (
          <>
            <Tone tone="good" />
            <span className="words">{sentenceOf(problems)}</span>
          </>
        ) : (
          <>
            <Tone tone={first.tone} />
            <span className="words">
              <Link href={first.href} className={first.tone}>
                {sentenceOf(problems)}
              </Link>{" "}
              <span className="cure">
                <Words text={first.cure} />
              </span>
            </span>
          </>
        )}
      </div>
      <button type="button" className="button small bare phone-only" aria-label="Search" onClick={onSearch}>
        <Glyph name="search" />
      </button>
      <LiveSign />
    </header>
  );
}

function LiveSign() {
  const { state, at } = useSyncExternalStore(onLive, readLive);
  const behind = useClock((now) => (at === null ? "" : duration((now - at) / 1000)));
  switch (state) {
    case "live":
      return (
        <span className="live" title="The server reports every change at once.">
          <Tone tone="good" /> <span>Live</span>
        </span>
      );
    case "connecting":
      return (
        <span className="live">
          <Tone tone="warn" /> Connecting…
        </span>
      );
    case "lost":
      return (
        <span className="live" role="status" title="The connection is retried every few seconds.">
          <Tone tone="bad" /> <span>{at === null ? "Not connected" : `${behind} behind`}</span>
        </span>
      );
  }
}
