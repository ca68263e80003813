import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { CapacityReport } from "../../contract/capacity.ts";
import { Select } from "../machines/Filters.tsx";
import { Card, Page } from "../parts/Layout.tsx";
import { useParam } from "../parts/params.ts";
import { Empty, Shown } from "../parts/Trouble.tsx";
import { queries } from "../server/queries.ts";
import { plain } from "../text/foreign.ts";
import { memory } from "../text/words.ts";
import { Equation } from "./Equation.tsx";
import { NodeRoom } from "./NodeRoom.tsx";

/** What fits where, and what takes the room. */
export function Capacity() {
  const [pool, setPool] = useParam("pool");
  const [shape, setShape] = useParam("shape");
  const pools = useQuery(queries.pools()).data ?? [];
  const chosen =
    pools.find(({ name }) => name === pool) ?? pools.find(({ isDefault }) => isDefault) ?? pools[0];
  const report = useQuery({
    ...queries.capacity({
      ...(chosen === undefined ? {} : { pool: chosen.name }),
      ...(shape === "" ? {} : { shape }),
    }),
    enabled: chosen !== undefined || shape !== "",
  });
  return (
    <Page title="Capacity">
      <div className="filters" role="search" aria-label="Machines of">
        {pools.length > 1 ? (
          <Select label="Pool" value={pool} set={setPool} of={pools.map(({ name }) => [name, name])} />
        ) : null}
        <ShapeForm shape={shape} set={setShape} />
      </div>
      {chosen === undefined && shape === "" ? (
        <Empty title="There is no pool yet.">Ask whether a shape would fit, such as 4x8x100.</Empty>
      ) : (
        <Shown of={report}>{(data) => <Report report={data} />}</Shown>
      )}
    </Page>
  );
}

function Report({ report }: { report: CapacityReport }) {
  const nodes = useQuery(queries.nodes()).data ?? [];
  const { shape, pool } = report;
  const size = `${shape.vcpus} vCPU, ${memory(shape.memoryMib)}, ${shape.diskGib} GiB`;
  return (
    <>
      <Card title={pool === null ? `Machines of ${size}` : `Machines of ${pool}: ${size}`}>
        <p>{plain(report.text)}</p>
        <Equation of={report} />
      </Card>
      {report.nodes.length === 0 ? (
        <Empty title="There is no node.">Enroll one on the page Nodes.</Empty>
      ) : null}
      {report.nodes.map((node) => (
        <NodeRoom
          key={node.node}
          capacity={node}
          inventory={nodes.find(({ name }) => name === node.node)?.inventory ?? null}
        />
      ))}
    </>
  );
}

/** Asks whether another shape would fit. */
function ShapeForm({ shape, set }: { shape: string; set: (shape: string) => void }) {
  const [text, setText] = useState(shape);
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault();
        set(text.trim());
      }}
    >
      <input
        className="input mono"
        aria-label="Does this shape fit? vCPUs x GiB of memory x GiB of disk"
        placeholder="4x8x100"
        pattern="\d{1,4}x\d{1,5}(\.\d{1,3})?x\d{1,7}"
        title="vCPUs x GiB of memory x GiB of disk, such as 4x8x100"
        size={12}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="button">
        Would it fit?
      </button>
      {shape === "" ? null : (
        <button
          type="button"
          className="button bare"
          onClick={() => {
            setText("");
            set("");
          }}
        >
          Back to the pool’s shape
        </button>
      )}
    </form>
  );
}
