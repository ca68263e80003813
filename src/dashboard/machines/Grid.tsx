import { memo, type KeyboardEvent, type MouseEvent, useMemo } from "react";
import { useLocation } from "wouter";
import type { MachineView } from "../../contract/machine.ts";
import { useKept } from "../parts/params.ts";
import { Letter } from "../parts/State.tsx";
import { BAR, letterOf, wordOf } from "../text/states.ts";
import { chunks } from "../text/groups.ts";
import { move } from "./move.ts";

/**
 * A cell for each machine. Of thousands few change at a time, so cells are drawn in chunks, and a chunk is drawn anew only
 * when one of its machines looks different. One listener serves all of them; arrow keys move between them.
 */
export function Grid({
  groups,
  by,
  open,
}: {
  groups: { name: string | null; machines: MachineView[] }[];
  by: string;
  open: string | null;
}) {
  const [, navigate] = useLocation();
  const kept = useKept();
  const go = (event: MouseEvent) => {
    const cell = event.target instanceof Element ? event.target.closest("a.cell") : null;
    if (!(cell instanceof HTMLAnchorElement) || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    navigate(kept(new URL(cell.href).pathname));
  };
  const press = (event: KeyboardEvent<HTMLElement>) => {
    const next = move(event.currentTarget, event.target, event.key);
    if (next === null) return;
    event.preventDefault();
    next.focus();
  };
  const first = groups[0]?.machines[0]?.id;
  return (
    <div className="stack" onClick={go} onKeyDown={press}>
      {groups.map(({ name, machines }) => (
        <section key={name ?? ""} className="group" aria-label={name ?? "Orphans of no pool"}>
          <h2>
            {name ?? (by === "pool" ? "Of no pool" : "On no node")}
            <Tally machines={machines} />
          </h2>
          <div className="cells">
            {chunks(machines).map((chunk, at) => (
              <Chunk key={at} cells={cellsOf(chunk, open, first)} />
            ))}
          </div>
        </section>
      ))}
    </div>
  );
}

function Tally({ machines }: { machines: MachineView[] }) {
  const counts = useMemo(() => Map.groupBy(machines, ({ state }) => state), [machines]);
  return (
    <span className="legend quiet">
      {BAR.filter((state) => counts.has(state)).map((state) => (
        <span key={state} className="state">
          <Letter state={state} /> {counts.get(state)?.length} {wordOf(state)}
        </span>
      ))}
    </span>
  );
}

/** All that a chunk shows as one text: equal texts look equal, so they are compared instead of the machines. */
function cellsOf(machines: readonly MachineView[], open: string | null, first: string | undefined): string {
  return machines
    .map(
      ({ id, name, state, assignment, stale }) =>
        `${name}\t${state}\t${assignment?.username ?? ""}\t${stale ? "stale" : ""}\t${name === open ? "open" : ""}\t${id === first ? "0" : "-1"}`,
    )
    .join("\n");
}

const Chunk = memo(function Chunk({ cells }: { cells: string }) {
  return (
    <div className="chunk">
      {cells.split("\n").map((line) => {
        const [name = "", state = "", username = "", stale = "", open = "", tab = "-1"] = line.split("\t");
        const word = wordOf(state as MachineView["state"]);
        const label = `${name}: ${word}${username === "" ? "" : ` to ${username}`}${stale === "" ? "" : ", stale"}`;
        return (
          <a
            key={name}
            href={`/machines/${encodeURIComponent(name)}`}
            className={`cell s-${state} ${stale}`}
            tabIndex={Number(tab)}
            title={label}
            aria-label={label}
            aria-current={open !== ""}
          >
            {letterOf(state as MachineView["state"])}
          </a>
        );
      })}
    </div>
  );
});
