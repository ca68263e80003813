import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Page } from "../parts/Layout.tsx";
import { useParam } from "../parts/params.ts";
import { Empty, Shown, Trouble } from "../parts/Trouble.tsx";
import { useAct } from "../parts/act.ts";
import { type EventFilter, eventsQuery, allEvents } from "../server/events.ts";
import { ndjson } from "../text/events.ts";
import { EventTable } from "./EventTable.tsx";

const KINDS = ["machine", "assignment", "operation", "pool", "node", "recipe", "token", "settings"];

/** What has happened, newest first. */
export function Events() {
  const [kind, setKind] = useParam("kind");
  const [actor, setActor] = useParam("actor");
  const [reason, setReason] = useParam("reason");
  const [pool, setPool] = useParam("pool");
  const [follow, setFollow] = useState(true);
  const filter: EventFilter = { kind, actor, pool };
  const events = useInfiniteQuery(eventsQuery(filter, follow));
  const exporting = useAct();
  const shown = events.data?.pages
    .flatMap(({ items }) => items)
    .filter((event) => event.reason.toLowerCase().includes(reason.toLowerCase()));
  const save = () =>
    exporting.run(
      async () => {
        const all = await allEvents(filter);
        download("events.ndjson", ndjson(all.filter((event) => event.reason.includes(reason))));
        return all.length;
      },
      (number) => `${number} events are saved.`,
    );
  return (
    <Page
      title="Events"
      actions={
        <>
          <label className="check">
            <input type="checkbox" checked={follow} onChange={(event) => setFollow(event.target.checked)} />
            Follow
          </label>
          <button type="button" className="button" disabled={exporting.busy} onClick={() => void save()}>
            {exporting.busy ? "Reading…" : "Export as NDJSON"}
          </button>
        </>
      }
    >
      <div className="filters" role="search" aria-label="Filter events">
        <select
          className="input"
          aria-label="Kind"
          value={kind}
          onChange={(event) => setKind(event.target.value)}
        >
          <option value="">Kind: any</option>
          {KINDS.map((each) => (
            <option key={each}>{each}</option>
          ))}
        </select>
        <FilterInput label="Actor" hint="admin:anna" value={actor} set={setActor} />
        <FilterInput label="Reason" hint="a part of it" value={reason} set={setReason} />
        <FilterInput label="Pool" hint="its name" value={pool} set={setPool} />
      </div>
      <Trouble error={exporting.error} />
      <Shown of={{ data: shown, error: events.error }}>
        {(all) =>
          all.length === 0 ? (
            <Empty title="No event matches these filters." />
          ) : (
            <>
              <EventTable events={all} />
              {events.hasNextPage ? (
                <div className="row">
                  <button
                    type="button"
                    className="button"
                    disabled={events.isFetchingNextPage}
                    onClick={() => void events.fetchNextPage()}
                  >
                    {events.isFetchingNextPage ? "Reading…" : "Show earlier ones"}
                  </button>
                </div>
              ) : null}
            </>
          )
        }
      </Shown>
    </Page>
  );
}

/** A filter that the API judges is taken over when it is complete: on Enter, or when the field is left. */
function FilterInput({
  label,
  hint,
  value,
  set,
}: {
  label: string;
  hint: string;
  value: string;
  set: (value: string) => void;
}) {
  const [text, setText] = useState(value);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        set(text.trim());
      }}
    >
      <input
        className="input"
        type="search"
        aria-label={label}
        placeholder={`${label}: ${hint}`}
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          if (event.target.value === "") set("");
        }}
        onBlur={() => set(text.trim())}
      />
    </form>
  );
}

function download(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: "application/x-ndjson" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}
