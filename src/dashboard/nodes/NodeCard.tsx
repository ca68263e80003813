import { Link } from "wouter";
import type { NodeView } from "../../contract/node.ts";
import { Card, Facts } from "../parts/Layout.tsx";
import { Ago, Since } from "../parts/Time.tsx";
import { Tone, type ToneName } from "../parts/Tone.tsx";
import { plain } from "../text/foreign.ts";
import { writeDuration } from "../text/time.ts";
import { count, memory, round } from "../text/words.ts";
import { Labels } from "./Labels.tsx";
import { NodeActions } from "./NodeActions.tsx";
import { Orphans } from "./Orphans.tsx";

const TONES: Record<NodeView["state"], ToneName> = {
  online: "good",
  enrolled: "warn",
  returning: "warn",
  silent: "bad",
};

const WORDS: Record<NodeView["state"], string> = {
  online: "heard",
  enrolled: "no relay has joined yet",
  returning: "heard again, being checked",
  silent: "not heard",
};

/** One node: whether it is heard, what is wrong with it, and what can be done. */
export function NodeCard({ node }: { node: NodeView }) {
  const { name, state, scheduling, conditions, brake, orphans, orphanBrake } = node;
  const wrong = conditions.filter(({ status }) => !status);
  return (
    <div id={name}>
      <Card
        title={name}
        side={
          <span className="row">
            {scheduling === "draining" ? <span className="binding">draining</span> : null}
            {brake !== null && brake.releasedAt === null ? <span className="binding">braked</span> : null}
            <span>
              <Tone tone={TONES[state]} /> {WORDS[state]}
            </span>
          </span>
        }
      >
        {wrong.map(({ type, message, since }) => (
          <p key={type} className="note warn">
            {plain(message)}{" "}
            <span className="quiet nowrap">
              for <Since at={since} />
            </span>
          </p>
        ))}
        {brake === null ? null : <Brake brake={brake} />}
        <About node={node} />
        {orphans.length === 0 && orphanBrake === null ? null : <Orphans node={node} />}
        <NodeActions node={node} />
      </Card>
    </div>
  );
}

function Brake({ brake }: { brake: NonNullable<NodeView["brake"]> }) {
  const { since, dead, answered, cause, canaryTries, canaryError, releasedAt, releasedBy } = brake;
  if (releasedAt !== null)
    return (
      <p className="note">
        The brake was released <Ago at={releasedAt} /> by {releasedBy}; it ends when most machines answer
        again.
      </p>
    );
  return (
    <p className="note bad">
      Braked for <Since at={since} />: {dead} of {answered} machines were dead at once
      {cause === null ? "" : ` (${plain(cause)})`}. Nothing is torn down here, and only a canary is created
      {canaryTries === 0
        ? ""
        : `; ${canaryTries} failed${canaryError === null ? "" : `: ${plain(canaryError)}`}`}
      .
    </p>
  );
}

function About({ node }: { node: NodeView }) {
  const {
    name,
    lastSeenAt,
    lastProbeAt,
    relayVersion,
    driver,
    driverVersion,
    machines,
    concurrency,
    silenceSeconds,
    inventory,
    createdAt,
  } = node;
  return (
    <Facts
      of={[
        ["last heard", <Ago at={lastSeenAt} />],
        ["silent after", writeDuration(silenceSeconds)],
        ["last probed", lastProbeAt === null ? null : <Ago at={lastProbeAt} />],
        ["machines", <Link href={`/machines?node=${encodeURIComponent(name)}`}>{machines}</Link>],
        ["works on", `${count(concurrency, "create or delete", "creates and deletes")} at a time`],
        ["relay", relayVersion === null ? null : plain(relayVersion)],
        ["driver", driver === null ? null : plain(`${driver} ${driverVersion ?? ""}`)],
        [
          "has",
          inventory === null
            ? null
            : `${inventory.cpus} CPUs, ${memory(inventory.memoryMib.total)}, ${inventory.disks.map((disk) => `${round(disk.totalGib)} GiB on ${disk.name}`).join(", ")}`,
        ],
        ["labels", <Labels node={node} />],
        ["enrolled", <Ago at={createdAt} />],
      ]}
    />
  );
}
