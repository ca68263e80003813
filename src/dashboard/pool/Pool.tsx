import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import type { PoolView } from "../../contract/pool.ts";
import { isAmiss } from "../../contract/amiss.ts";
import { PauseButton } from "../overview/PoolCard.tsx";
import { AskButton } from "../parts/Actions.tsx";
import { Card, Facts, Page } from "../parts/Layout.tsx";
import { PoolBar } from "../parts/PoolBar.tsx";
import { Ago, Since } from "../parts/Time.tsx";
import { Tone } from "../parts/Tone.tsx";
import { Empty, Shown } from "../parts/Trouble.tsx";
import { server } from "../server/client.ts";
import { queries } from "../server/queries.ts";
import { AssignButton } from "../testers/AssignButton.tsx";
import { plain } from "../text/foreign.ts";
import { toneOf } from "../text/status.ts";
import { duration } from "../text/time.ts";
import { spaced } from "../text/words.ts";
import { SpecEditor } from "./SpecEditor.tsx";
import { RemoveButton } from "./RemoveButton.tsx";

const Charts = lazy(async () => ({ default: (await import("./Charts.tsx")).Charts }));

/** One pool: how it is, what it should be, and how it was. `new` makes one. */
export function Pool({ name }: { name: string }) {
  const pools = useQuery(queries.pools());
  const pool = pools.data?.find((each) => each.name === name);
  if (name === "new" && pool === undefined)
    return (
      <Page title="New pool">
        <SpecEditor pool={null} />
      </Page>
    );
  return (
    <Page title={name} actions={pool === undefined ? undefined : <Actions pool={pool} />}>
      <Shown of={pools}>
        {() =>
          pool === undefined ? (
            <Empty title={`There is no pool ${name}.`}>It was removed, or never created.</Empty>
          ) : (
            <Whole pool={pool} />
          )
        }
      </Shown>
    </Page>
  );
}

function Whole({ pool }: { pool: PoolView }) {
  return (
    <>
      <Card title="Machines">
        <PoolBar pool={pool} large />
        <Numbers pool={pool} />
      </Card>
      <Card title="Conditions" plain>
        {pool.conditions.map((condition) => (
          <div className={isAmiss(condition) ? "condition" : "condition fine"} key={condition.type}>
            <Tone tone={isAmiss(condition) ? toneOf(condition) : "good"} />
            <p>{spacedWords(condition.type)}</p>
            <p>
              {plain(condition.message)}{" "}
              <span className="quiet">
                {condition.reason} for <Since at={condition.since} />
              </span>
            </p>
          </div>
        ))}
      </Card>
      {pool.removedAt === null ? <SpecEditor key={pool.name} pool={pool} /> : null}
      <Suspense fallback={<p className="quiet pulse">Loading the charts…</p>}>
        <Charts pool={pool.name} />
      </Suspense>
    </>
  );
}

function Numbers({ pool }: { pool: PoolView }) {
  const { claimable, spec, waiting, runway, createdAt, removedAt, isDefault, paused } = pool;
  return (
    <Facts
      of={[
        [
          "ready",
          `${claimable}; the target is ${spec.targetSize}, and the maximum is ${spec.maxSize} machines`,
        ],
        ["waiting", waiting === 0 ? "nobody" : `${waiting}`],
        [
          "runway",
          runway === null
            ? "no claims lately"
            : `${Math.round(runway.claimsPerHour * 10) / 10} claims an hour${runway.emptyInSeconds === null ? "" : `; empty in ${duration(runway.emptyInSeconds)}`}${runway.refillSeconds === null ? "" : `; a refill takes ${duration(runway.refillSeconds)}`}`,
        ],
        ["paused", paused ? <span className="warn">yes: no machine is created</span> : null],
        ["default", isDefault ? "yes: for calls that name no pool" : null],
        ["made", <Ago at={createdAt} />],
        [
          "removed",
          removedAt === null ? null : (
            <>
              <Ago at={removedAt} />; its machines are still going
            </>
          ),
        ],
      ]}
    />
  );
}

function Actions({ pool }: { pool: PoolView }) {
  const { name, counts, isDefault, removedAt } = pool;
  if (removedAt !== null) return null;
  const free = counts.ready + counts.suspect + counts.provisioning;
  return (
    <>
      <AssignButton pool={name} />
      <PauseButton pool={pool} className="" />
      {isDefault ? null : (
        <AskButton
          question={{
            title: `Make ${name} the default pool`,
            body: <p>Callers who name no pool get a machine of {name}.</p>,
            verb: "Make it the default",
            act: () => server.pool.default.mutate({ name }),
            done: `${name} is the default pool.`,
          }}
        >
          Make default
        </AskButton>
      )}
      <AskButton
        className="grave"
        question={{
          title: `Empty ${name}`,
          body: (
            <p>
              The pool is paused, and its {free} machines without a tester are deleted. The {counts.assigned}{" "}
              that are assigned stay.
            </p>
          ),
          verb: `Delete ${free} machines`,
          grave: true,
          act: () => server.pool.empty.mutate({ name, assigned: "keep" }),
          done: `${name} is being emptied.`,
        }}
      >
        Empty
      </AskButton>
      <RemoveButton pool={pool} />
    </>
  );
}

/** `CapacityAvailable` as `Capacity available`. */
function spacedWords(type: string): string {
  const words = spaced(type.replaceAll(/([a-z])([A-Z])/g, "$1 $2")).toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
}
