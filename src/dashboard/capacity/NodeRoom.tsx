import type { NodeCapacity } from "../../contract/capacity.ts";
import type { NodeView } from "../../contract/node.ts";
import { Card } from "../parts/Layout.tsx";
import { Ago } from "../parts/Time.tsx";
import { plain } from "../text/foreign.ts";
import { type Resource, resourcesOf, termWord } from "../text/resources.ts";
import { list, spaced } from "../text/words.ts";
import { Equation } from "./Equation.tsx";

/** One node: a bar for each resource with what takes it, the one that keeps the next machine out marked. */
export function NodeRoom({
  capacity,
  inventory,
}: {
  capacity: NodeCapacity;
  inventory: NodeView["inventory"];
}) {
  const { node, closed, binding, detail, drift, flat, inventoryAt, placeable } = capacity;
  const resources = resourcesOf(inventory, binding);
  return (
    <Card
      title={node}
      side={
        <span className="row">
          {closed === null ? null : <span className="binding">closed: {spaced(closed)}</span>}
          <span className="soft">
            {placeable === 0 ? "no room for one more" : `room for ${placeable} more`}
            {binding === null || closed !== null ? "" : `, bound by ${spaced(binding)}`}
          </span>
        </span>
      }
    >
      {detail === null ? null : <p className="note warn">{plain(detail)}</p>}
      {resources.length === 0 ? (
        <p className="quiet">This node has not reported its inventory yet.</p>
      ) : (
        <div className="stack tight">
          {resources.map((resource) => (
            <ResourceBar key={resource.name} resource={resource} />
          ))}
        </div>
      )}
      <Equation of={capacity} />
      {flat ? (
        <p className="quiet">Its driver does not reserve by shape: every machine uses the same amount.</p>
      ) : null}
      <Drift drift={drift} />
      {inventoryAt === null ? null : (
        <p className="quiet">
          As the node said <Ago at={inventoryAt} />.
        </p>
      )}
    </Card>
  );
}

function ResourceBar({ resource: { name, total, terms, free, unit, isBinding } }: { resource: Resource }) {
  const words = terms.map(({ kind, amount }) => `${termWord(kind)} ${unit(amount)}`);
  const label = `${name}: ${unit(total)}; ${[...words, `free ${unit(free)}`].join(", ")}`;
  return (
    <>
      <div className="resource">
        <span className="cut" title={name}>
          {plain(name)} {isBinding ? <span className="binding">binding</span> : null}
        </span>
        <div className="stacked" role="img" aria-label={label}>
          {terms.map(({ kind, amount, names }) => (
            <span
              key={kind}
              className={`f-${kind}`}
              style={{ width: `${total === 0 ? 0 : (amount / total) * 100}%` }}
              title={`${termWord(kind)}: ${unit(amount)}${names.length === 0 ? "" : ` (${list(names)})`}`}
            />
          ))}
        </div>
        <span className="quiet num">
          {unit(free)} of {unit(total)} free
        </span>
      </div>
      <p className="quiet">{words.length === 0 ? "Nothing uses it." : words.join(" · ")}</p>
    </>
  );
}

/** What rows say against what the node says. */
function Drift({ drift: { notOnNode, noRow } }: { drift: NodeCapacity["drift"] }) {
  if (notOnNode.length === 0 && noRow.length === 0)
    return <p className="quiet">The node shows exactly the machines that are on record.</p>;
  return (
    <>
      {notOnNode.length === 0 ? null : (
        <p className="note warn">On record, and not on the node: {plain(list(notOnNode, 20))}</p>
      )}
      {noRow.length === 0 ? null : (
        <p className="note warn">On the node, and not on record: {plain(list(noRow, 20))}</p>
      )}
    </>
  );
}
