import { useQuery } from "@tanstack/react-query";
import { memo, useMemo } from "react";
import type { PoolHistory } from "../../contract/history.ts";
import { Choice } from "../machines/Filters.tsx";
import { Card } from "../parts/Layout.tsx";
import { useParam } from "../parts/params.ts";
import { Empty, Shown } from "../parts/Trouble.tsx";
import { queries } from "../server/queries.ts";
import { secondsOf, stacked } from "../text/history.ts";
import { BAR, wordOf } from "../text/states.ts";
import { Chart, type Series } from "./Chart.tsx";

const RANGES = [
  ["1", "1 h"],
  ["6", "6 h"],
  ["24", "24 h"],
  ["168", "7 d"],
  ["720", "30 d"],
] as const;

/** How a pool was: machines by state, claims, and how long things took. */
export function Charts({ pool }: { pool: string }) {
  const [range, setRange] = useParam("range", "24");
  const hours = RANGES.some(([value]) => value === range) ? Number(range) : 24;
  const history = useQuery(queries.history(pool, hours));
  return (
    <Card title="Over time" side={<Choice label="Range" value={String(hours)} set={setRange} of={RANGES} />}>
      <Shown of={history}>
        {(data) =>
          data.at.length < 2 ? (
            <Empty title="There are no samples for this time yet.">One is taken every minute.</Empty>
          ) : (
            <Drawn history={data} />
          )
        }
      </Shown>
    </Card>
  );
}

/** Drawn anew only with other numbers: a canvas that is redrawn flickers. */
const Drawn = memo(function Drawn({ history }: { history: PoolHistory }) {
  const at = useMemo(() => secondsOf(history.at), [history]);
  const byState = useMemo(() => stacked(BAR.map((state) => history.machines[state])), [history]);
  const claims = useMemo(
    () => stacked([history.claims.missed, history.claims.waited, history.claims.warm]),
    [history],
  );
  return (
    <div className="charts">
      <Chart
        title="Machines by state"
        at={at}
        series={BAR.map((state, index): Series => ({
          name: wordOf(state),
          color: `--${state}`,
          fill: true,
          values: byState[index] ?? [],
          own: history.machines[state],
        }))}
      />
      <Chart
        title="Claims"
        at={at}
        series={[
          { name: "missed", color: "--bad", fill: true, values: claims[0] ?? [], own: history.claims.missed },
          {
            name: "waited",
            color: "--suspect",
            fill: true,
            values: claims[1] ?? [],
            own: history.claims.waited,
          },
          { name: "warm", color: "--ready", fill: true, values: claims[2] ?? [], own: history.claims.warm },
        ]}
      />
      <Chart
        title="Waiting testers"
        at={at}
        series={[{ name: "waiting", color: "--suspect", fill: true, values: history.waiting }]}
      />
      <Quantiles title="Until a machine was claimed, seconds" at={at} of={history.claimSeconds} />
      <Quantiles title="Until a machine was ready, seconds" at={at} of={history.readySeconds} />
      <Quantiles title="Set-up, seconds" at={at} of={history.setupSeconds} />
    </div>
  );
});

function Quantiles({ title, at, of }: { title: string; at: number[]; of: PoolHistory["claimSeconds"] }) {
  return (
    <Chart
      title={title}
      at={at}
      series={[
        { name: "p50", color: "--accent", fill: false, values: of.p50 },
        { name: "p95", color: "--held", fill: false, dashed: true, values: of.p95 },
      ]}
    />
  );
}
