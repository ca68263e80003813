import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import type { PoolView } from "../../contract/pool.ts";
import { AskButton } from "../parts/Actions.tsx";
import { PoolBar } from "../parts/PoolBar.tsx";
import { server } from "../server/client.ts";
import { queries } from "../server/queries.ts";
import { claimsOf } from "../text/history.ts";
import { duration } from "../text/time.ts";
import { count } from "../text/words.ts";

/** One pool of the overview: its figures and its lane. */
export function PoolCard({ pool }: { pool: PoolView }) {
  const { name, claimable, spec, runway, waiting, paused, isDefault, removedAt } = pool;
  const history = useQuery({ ...queries.history(name, 24), enabled: removedAt === null });
  const claims = history.data === undefined ? null : claimsOf(history.data);
  return (
    <article className="pool-card" aria-label={`Pool ${name}`}>
      <div className="row apart">
        <h3>
          <Link href={`/pools/${name}`}>{name}</Link>
          <span className="quiet">
            {isDefault ? " default" : ""}
            {removedAt === null ? "" : " being removed"}
          </span>
          {paused ? <span className="binding">paused</span> : null}
        </h3>
        {removedAt === null ? <PauseButton pool={pool} className="small" /> : null}
      </div>
      <div className="figures">
        <Figure value={`${claimable}/${spec.targetSize}`} label="ready of target" />
        <Figure value={String(waiting)} label="waiting" tone={waiting > 0 ? "warn" : undefined} />
        <Figure
          value={runway === null ? "–" : runwayText(runway)}
          label={runway === null ? "no claims lately" : runwayLabel(runway)}
        />
        {claims === null ? null : (
          <Figure
            value={`${claims.warm} · ${claims.waited} · ${claims.missed}`}
            label="warm · waited · missed in 24 h"
          />
        )}
      </div>
      <PoolBar pool={pool} />
    </article>
  );
}

function runwayText({ emptyInSeconds }: NonNullable<PoolView["runway"]>): string {
  if (emptyInSeconds === null) return "–";
  return emptyInSeconds < 1 ? "empty" : duration(emptyInSeconds);
}

function runwayLabel({
  emptyInSeconds,
  refillSeconds,
  claimsPerHour,
}: NonNullable<PoolView["runway"]>): string {
  const rate = count(Math.round(claimsPerHour * 10) / 10, "claim");
  const isEmpty = emptyInSeconds !== null && emptyInSeconds < 1;
  const until = `${isEmpty ? "at" : "until empty at"} ${rate} an hour`;
  return refillSeconds === null ? until : `${until}; a refill takes ${duration(refillSeconds)}`;
}

function Figure({ value, label, tone }: { value: string; label: string; tone?: "warn" | undefined }) {
  return (
    <p className="figure">
      <b className={tone}>{value}</b>
      <span>{label}</span>
    </p>
  );
}

/** Pausing asks first: while it lasts nothing is made. */
export function PauseButton({ pool: { name, paused }, className }: { pool: PoolView; className: string }) {
  return paused ? (
    <AskButton
      className={className}
      question={{
        title: `Resume ${name}`,
        body: <p>Machines are created again until the target is reached.</p>,
        verb: "Resume",
        act: () => server.pool.resume.mutate({ name }),
        done: `Pool ${name} resumed.`,
      }}
    >
      Resume
    </AskButton>
  ) : (
    <AskButton
      className={className}
      question={{
        title: `Pause ${name}`,
        body: <p>No machine is created while the pool is paused. Ready machines are still assigned.</p>,
        verb: "Pause",
        act: () => server.pool.pause.mutate({ name }),
        done: `Pool ${name} paused.`,
      }}
    >
      Pause
    </AskButton>
  );
}
