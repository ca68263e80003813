import { useQuery } from "@tanstack/react-query";
import { useDeferredValue, useMemo } from "react";
import { Machine } from "../machine/Machine.tsx";
import { Page } from "../parts/Layout.tsx";
import { useParam } from "../parts/params.ts";
import { Empty, Shown } from "../parts/Trouble.tsx";
import { queries } from "../server/queries.ts";
import { grouped, matching } from "../text/groups.ts";
import { count } from "../text/words.ts";
import { Filters } from "./Filters.tsx";
import { Grid } from "./Grid.tsx";
import { List } from "./List.tsx";

/** Every machine, as a grid of cells or as a list, and beside it the one that is open. */
export function Machines({ open }: { open: string | null }) {
  const [state] = useParam("state");
  const [pool] = useParam("pool");
  const [node] = useParam("node");
  const [search] = useParam("q");
  const [by] = useParam("by", "pool");
  const [view] = useParam("view", "grid");
  const live = useQuery(queries.machines());
  const gone = useQuery({ ...queries.deleted(), enabled: state === "deleted" });
  const answer = state === "deleted" ? gone : live;
  const filter = useDeferredValue(search);
  const shown = useMemo(
    () => matching(answer.data ?? [], { state, pool, node, search: filter }),
    [answer.data, state, pool, node, filter],
  );
  const groups = useMemo(() => grouped(shown, by === "node" ? "node" : "pool"), [shown, by]);
  return (
    <Page title="Machines" className={open === null ? "" : "with-panel"}>
      <div className="stack">
        <Filters machines={live.data ?? []} shown={shown.length} />
        <Shown of={answer}>
          {(all) =>
            all.length === 0 ? (
              <Empty
                title={state === "deleted" ? "No machine has been deleted yet." : "There is no machine."}
              >
                {state === "deleted" ? undefined : "Pools create them as soon as a node is online."}
              </Empty>
            ) : shown.length === 0 ? (
              <Empty title={`None of ${count(all.length, "machine")} matches these filters.`} />
            ) : view === "list" ? (
              <List machines={groups.flatMap(({ machines }) => machines)} open={open} />
            ) : (
              <Grid groups={groups} by={by} open={open} />
            )
          }
        </Shown>
      </div>
      {open === null ? null : <Machine key={open} name={open} />}
    </Page>
  );
}
