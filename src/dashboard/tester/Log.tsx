import { useQuery, useQueryClient } from "@tanstack/react-query";
import { memo, useEffect, useMemo, useRef, useState } from "react";
import { Card } from "../parts/Layout.tsx";
import { Shown } from "../parts/Trouble.tsx";
import { logQuery } from "../server/log.ts";
import { linesOf, lineOfStep } from "../text/log.ts";

/** The log of a set-up. It follows its end until somebody scrolls up, and jumps to the step that failed. */
export function Log({
  id,
  username,
  pool,
  failedStep,
}: {
  id: string;
  username: string;
  pool: string;
  failedStep: number | null;
}) {
  const client = useQueryClient();
  const log = useQuery(logQuery(client, id, { username, pool }));
  const box = useRef<HTMLDivElement>(null);
  const [follows, setFollows] = useState(failedStep === null);
  const text = log.data?.text ?? "";
  const lines = useMemo(() => linesOf(text), [text]);
  const failed = failedStep === null ? null : lineOfStep(lines, failedStep);
  useEffect(() => {
    if (follows && box.current !== null) box.current.scrollTop = box.current.scrollHeight;
  }, [lines, follows]);
  const jump = () => {
    setFollows(false);
    box.current?.querySelector(".hit")?.scrollIntoView({ block: "start" });
  };
  return (
    <Card
      title="Log"
      plain
      side={
        <div className="row">
          {failed === null ? null : (
            <button type="button" className="button small" onClick={jump}>
              Go to the failed step
            </button>
          )}
          <label className="check">
            <input type="checkbox" checked={follows} onChange={(event) => setFollows(event.target.checked)} />
            Follow
          </label>
        </div>
      }
    >
      <Shown of={log}>
        {({ done }) =>
          text === "" ? (
            <p className="empty quiet">{done ? "The log is empty." : "Nothing has been written yet."}</p>
          ) : (
            <div
              className="log"
              ref={box}
              tabIndex={0}
              role="region"
              aria-label="Log of the set-up"
              onWheel={(event) => {
                if (event.deltaY < 0) setFollows(false);
              }}
            >
              <Lines lines={lines} failed={failed} />
            </div>
          )
        }
      </Shown>
    </Card>
  );
}

/** So many lines at the end are drawn; the begin of a longer log is one click away. */
const MOST = 2000;

const Lines = memo(function Lines({ lines, failed }: { lines: readonly string[]; failed: number | null }) {
  const [isWhole, setWhole] = useState(false);
  const from = isWhole || failed !== null ? 0 : Math.max(0, lines.length - MOST);
  return (
    <>
      {from === 0 ? null : (
        <div>
          <button type="button" className="button small" onClick={() => setWhole(true)}>
            Show {from} earlier lines
          </button>
        </div>
      )}
      {lines.slice(from).map((line, at) => (
        <div key={from + at} className={from + at === failed ? "hit" : undefined}>
          {line === "" ? "\u00a0" : line}
        </div>
      ))}
    </>
  );
});
