import { useMemo } from "react";
import type { MachineView } from "../../contract/machine.ts";
import { useParam } from "../parts/params.ts";
import { MACHINE_FILTERS, wordOf } from "../text/states.ts";
import { count } from "../text/words.ts";

/** What of all machines is shown, and how. All of it is in the address. */
export function Filters({ machines, shown }: { machines: readonly MachineView[]; shown: number }) {
  const [view, setView] = useParam("view", "grid");
  const [by, setBy] = useParam("by", "pool");
  const [state, setState] = useParam("state");
  const [pool, setPool] = useParam("pool");
  const [node, setNode] = useParam("node");
  const [search, setSearch] = useParam("q");
  const pools = useMemo(() => names(machines.flatMap((machine) => machine.pool ?? [])), [machines]);
  const nodes = useMemo(() => names(machines.map((machine) => machine.node)), [machines]);
  return (
    <div className="filters" role="search" aria-label="Filter machines">
      <Choice
        label="Show as"
        value={view}
        set={setView}
        of={[
          ["grid", "Grid"],
          ["list", "List"],
        ]}
      />
      {view === "grid" ? (
        <Choice
          label="Group by"
          value={by}
          set={setBy}
          of={[
            ["pool", "By pool"],
            ["node", "By node"],
          ]}
        />
      ) : null}
      <Select
        label="State"
        value={state}
        set={setState}
        of={MACHINE_FILTERS.map((each) => [each, wordOf(each)])}
      />
      {pools.length > 1 || pool !== "" ? (
        <Select label="Pool" value={pool} set={setPool} of={pools.map((name) => [name, name])} />
      ) : null}
      {nodes.length > 1 || node !== "" ? (
        <Select label="Node" value={node} set={setNode} of={nodes.map((name) => [name, name])} />
      ) : null}
      <input
        className="input"
        type="search"
        placeholder="Name or tester"
        aria-label="Name or tester"
        value={search}
        onChange={(event) => setSearch(event.target.value)}
      />
      <span className="quiet" role="status">
        {count(shown, "machine")}
      </span>
    </div>
  );
}

function names(all: readonly string[]): string[] {
  return [...new Set(all)].toSorted();
}

/** A few choices of which one holds. */
export function Choice({
  label,
  value,
  set,
  of,
}: {
  label: string;
  value: string;
  set: (value: string) => void;
  of: readonly (readonly [value: string, name: string])[];
}) {
  return (
    <div className="segmented" role="group" aria-label={label}>
      {of.map(([each, name]) => (
        <button key={each} type="button" aria-pressed={each === value} onClick={() => set(each)}>
          {name}
        </button>
      ))}
    </div>
  );
}

/** One value of many, or any. */
export function Select({
  label,
  value,
  set,
  of,
}: {
  label: string;
  value: string;
  set: (value: string) => void;
  of: readonly (readonly [value: string, name: string])[];
}) {
  return (
    <select className="input" aria-label={label} value={value} onChange={(event) => set(event.target.value)}>
      <option value="">{label}: any</option>
      {value !== "" && !of.some(([each]) => each === value) ? <option value={value}>{value}</option> : null}
      {of.map(([each, name]) => (
        <option key={each} value={each}>
          {name}
        </option>
      ))}
    </select>
  );
}
