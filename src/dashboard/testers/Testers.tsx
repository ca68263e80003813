import { useQuery } from "@tanstack/react-query";
import { memo } from "react";
import { Link } from "wouter";
import type { Assignment } from "../../contract/assignment.ts";
import { Select } from "../machines/Filters.tsx";
import { etaText } from "../overview/WaitingList.tsx";
import { Page, Table } from "../parts/Layout.tsx";
import { useParam } from "../parts/params.ts";
import { State } from "../parts/State.tsx";
import { Ago, Until } from "../parts/Time.tsx";
import { Empty, Shown } from "../parts/Trouble.tsx";
import { queries } from "../server/queries.ts";
import { ASSIGNMENT_FILTERS, wordOf } from "../text/states.ts";
import { plain } from "../text/foreign.ts";
import { inOrder } from "../text/testers.ts";
import { count } from "../text/words.ts";
import { AssignButton } from "./AssignButton.tsx";

/** Everybody who waits for a machine or has one. */
export function Testers() {
  const [state, setState] = useParam("state");
  const [pool, setPool] = useParam("pool");
  const [search, setSearch] = useParam("q");
  const live = useQuery(queries.testers());
  const released = useQuery({ ...queries.released(), enabled: state === "released" });
  const pools = useQuery(queries.pools()).data ?? [];
  return (
    <Page title="Testers" actions={<AssignButton />}>
      <div className="filters" role="search" aria-label="Filter testers">
        <Select
          label="State"
          value={state}
          set={setState}
          of={ASSIGNMENT_FILTERS.map((each) => [each, wordOf(each)])}
        />
        {pools.length > 1 || pool !== "" ? (
          <Select label="Pool" value={pool} set={setPool} of={pools.map(({ name }) => [name, name])} />
        ) : null}
        <input
          className="input"
          type="search"
          placeholder="Name"
          aria-label="Name of a tester"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      </div>
      <Shown of={state === "released" ? released : live}>
        {(all) => {
          const shown = inOrder(all).filter(
            (tester) =>
              (state === "" || tester.state === state) &&
              (pool === "" || tester.pool === pool) &&
              tester.username.includes(search.toLowerCase()),
          );
          if (all.length === 0)
            return (
              <Empty
                title={
                  state === "released"
                    ? "No assignment has been released yet."
                    : "No tester has a machine or waits for one."
                }
              >
                {state === "released"
                  ? undefined
                  : "Assign one here, or call tester.assign from your application."}
              </Empty>
            );
          if (shown.length === 0)
            return <Empty title={`None of ${count(all.length, "tester")} matches these filters.`} />;
          return <TesterTable testers={shown} />;
        }}
      </Shown>
    </Page>
  );
}

function TesterTable({ testers }: { testers: readonly Assignment[] }) {
  return (
    <div className="card">
      <Table
        label="Testers"
        head={[["Tester"], ["State"], ["How far"], ["Machine"], ["Pool"], ["Asked"], ["Ends in"]]}
      >
        {testers.map((tester) => (
          <Row key={tester.id} tester={tester} />
        ))}
      </Table>
    </div>
  );
}

/** Drawn again only if its tester is another object. */
const Row = memo(function Row({ tester }: { tester: Assignment }) {
  return (
    <tr>
      <td>
        <Link href={`/testers/${tester.id}`}>{tester.username}</Link>
      </td>
      <td>
        <State state={tester.state} />
      </td>
      <td>
        <HowFar tester={tester} />
      </td>
      <td className="mono nowrap">
        {tester.machine === null ? null : (
          <Link href={`/machines/${encodeURIComponent(tester.machine.name)}`}>{tester.machine.name}</Link>
        )}
      </td>
      <td>{tester.pool}</td>
      <td className="nowrap">
        <Ago at={tester.createdAt} />
      </td>
      <td className="nowrap">
        {tester.expiresAt === null || tester.state === "released" ? (
          <span className="quiet">–</span>
        ) : (
          <Until at={tester.expiresAt} />
        )}
      </td>
    </tr>
  );
});

function HowFar({ tester }: { tester: Assignment }) {
  const { state, queue, setup, error } = tester;
  if (state === "waiting")
    return (
      <>
        {queue === null ? "" : `place ${queue.position}, `}
        {etaText(tester)}
      </>
    );
  if (state === "setting_up" && setup !== null)
    return (
      <>
        step {setup.step} of {setup.steps}: {plain(setup.title)}
      </>
    );
  if (error !== null)
    return (
      <p className="cut bad" title={plain(error.message)}>
        {plain(error.message)}
      </p>
    );
  return <span className="quiet">–</span>;
}
