import { Link } from "wouter";
import type { TimelineEntry } from "../../contract/machine.ts";
import { Clock } from "../parts/Time.tsx";
import { Empty } from "../parts/Trouble.tsx";
import { plain } from "../text/foreign.ts";
import { BAR, isOneOf } from "../text/states.ts";
import { sharesOf, type Span, spansOf } from "../text/timeline.ts";
import { duration } from "../text/time.ts";

/** What has happened to a machine, oldest first: the states as spans, everything else as marks on them. */
export function Timeline({ entries }: { entries: readonly TimelineEntry[] }) {
  if (entries.length === 0) return <Empty title="No entries." />;
  const spans = spansOf(entries);
  const shares = sharesOf(spans);
  return (
    <div className="stack">
      {shares.length < 2 ? null : (
        <div
          className="stacked"
          role="img"
          aria-label={shares.map(({ state, seconds }) => `${state} ${duration(seconds)}`).join(", ")}
        >
          {shares.map(({ state, seconds, percent }, at) => (
            <span
              key={at}
              className={fillOf(state)}
              style={{ width: `${percent}%` }}
              title={`${state} for ${duration(seconds)}`}
            />
          ))}
        </div>
      )}
      <ol className="spans">
        {spans.map((span) => (
          <Row key={span.id} span={span} />
        ))}
      </ol>
    </div>
  );
}

function Row({ span }: { span: Span }) {
  const { at, state, begins, title, detail, seconds, username, data } = span;
  return (
    <li>
      <Clock at={at} />
      <span className={`track ${fillOf(state ?? "")}`} aria-hidden="true">
        <span className={begins ? "mark" : "mark small"} />
      </span>
      <div className="what">
        <div className="row apart">
          <span>{begins ? <strong>{title}</strong> : title}</span>
          {seconds === null ? null : <span className="quiet nowrap">{duration(seconds)}</span>}
        </div>
        <div className="quiet">
          {plain(detail)}
          {username === null ? null : (
            <>
              {" "}
              for <Link href={`/testers?q=${encodeURIComponent(username)}`}>{username}</Link>
            </>
          )}
        </div>
        {data === null || Object.keys(data).length === 0 ? null : (
          <details>
            <summary className="quiet">details</summary>
            <pre className="text" tabIndex={0}>
              {plain(JSON.stringify(data, null, 2))}
            </pre>
          </details>
        )}
      </div>
    </li>
  );
}

function fillOf(state: string): string {
  return isOneOf(BAR, state) ? `f-${state}` : "";
}
