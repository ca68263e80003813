import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { useAct } from "../parts/act.ts";
import { Card, Page } from "../parts/Layout.tsx";
import { Empty, Shown, Trouble } from "../parts/Trouble.tsx";
import { server } from "../server/client.ts";
import { queries } from "../server/queries.ts";
import { useReader } from "../shell/session.ts";
import { AssignButton } from "../testers/AssignButton.tsx";
import { count } from "../text/words.ts";
import { PoolCard } from "./PoolCard.tsx";
import { Problems } from "./Problems.tsx";
import { WaitingList } from "./WaitingList.tsx";

/** How everything is: the pools, what is wrong, who waits. */
export function Overview() {
  const pools = useQuery(queries.pools());
  const reader = useReader();
  const sweep = useAct();
  const runSweep = () =>
    sweep.run(
      () => server.sweep.run.mutate(),
      ({ duties }) => {
        const failed = duties.filter(({ outcome }) => outcome === "failed").length;
        return failed === 0 ? "The sweep ran." : `The sweep ran; ${count(failed, "duty", "duties")} failed.`;
      },
    );
  return (
    <Page
      title="Overview"
      actions={
        <>
          <button
            type="button"
            className="button"
            disabled={reader !== null || sweep.busy}
            title={reader ?? "Run every duty now instead of waiting for the next minute"}
            onClick={() => void runSweep()}
          >
            {sweep.busy ? "Sweeping…" : "Sweep now"}
          </button>
          <AssignButton />
        </>
      }
    >
      <Trouble error={sweep.error} />
      <Card title="Pools" side={<Link href="/pools/new">New pool</Link>} plain>
        <Shown of={pools}>
          {(all) =>
            all.length === 0 ? (
              <Empty title="There is no pool yet.">
                A pool keeps machines ready for testers. <Link href="/pools/new">Create one here</Link>, or
                run <code>npx warmpool pool put FILE</code>.
              </Empty>
            ) : (
              all.map((pool) => <PoolCard key={pool.name} pool={pool} />)
            )
          }
        </Shown>
      </Card>
      <WaitingList />
      <Problems />
    </Page>
  );
}
