import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import type { Assignment } from "../../contract/assignment.ts";
import { Copy } from "../parts/Copy.tsx";
import { Card, Facts, Page } from "../parts/Layout.tsx";
import { Outputs } from "../parts/Outputs.tsx";
import { State } from "../parts/State.tsx";
import { Ago, Until } from "../parts/Time.tsx";
import { Shown } from "../parts/Trouble.tsx";
import { queries } from "../server/queries.ts";
import { etaText } from "../overview/WaitingList.tsx";
import { plain, sshCommand } from "../text/foreign.ts";
import { count } from "../text/words.ts";
import { Log } from "./Log.tsx";
import { Setup } from "./Setup.tsx";
import { TesterActions } from "./TesterActions.tsx";

/** One tester: where they are, how their set-up goes, and what they have. */
export function Tester({ id }: { id: string }) {
  const assignment = useQuery(queries.assignment(id));
  return (
    <Page
      title={assignment.data?.username ?? "Tester"}
      actions={assignment.data === undefined ? undefined : <TesterActions assignment={assignment.data} />}
    >
      <Shown of={assignment}>{(data) => <Whole assignment={data} />}</Shown>
    </Page>
  );
}

function Whole({ assignment }: { assignment: Assignment }) {
  const { state, machine, error, setup, outputs, username, pool } = assignment;
  const command = machine === null || state === "released" ? null : sshCommand(machine);
  return (
    <>
      {error === null ? null : (
        <p
          className={`note ${state === "failed" ? "bad" : "warn"}`}
          role={state === "failed" ? "alert" : undefined}
        >
          <strong>{error.step === undefined ? error.code : `Step ${error.step} failed`}:</strong>{" "}
          {plain(error.message)}
        </p>
      )}
      <div className="columns">
        <Card title="Assignment">
          <State state={state} />
          <About assignment={assignment} />
          {command === null ? null : <Copy text={command} label="ssh command" />}
        </Card>
        <div className="stack wide">
          {setup === null ? null : (
            <Card title="Set-up">
              <Setup assignment={assignment} />
            </Card>
          )}
          {machine === null ? null : (
            <Card title="Outputs">
              <Outputs outputs={outputs} />
            </Card>
          )}
        </div>
      </div>
      {state === "waiting" ? null : (
        <Log
          id={assignment.id}
          username={username}
          pool={pool}
          failedStep={state === "failed" ? (setup?.step ?? null) : null}
        />
      )}
    </>
  );
}

function About({ assignment }: { assignment: Assignment }) {
  const { state, queue, machine, pool, createdAt, activeAt, expiresAt, releasedAt, swaps } = assignment;
  const { externalId, recipe, keyFingerprints, accessEndedAt, keysPending } = assignment;
  return (
    <Facts
      of={[
        ["place in the queue", queue === null ? null : `${queue.position}, ${etaText(assignment)}`],
        [
          "machine",
          machine === null ? null : (
            <Link href={`/machines/${encodeURIComponent(machine.name)}`} className="mono">
              {machine.name}
            </Link>
          ),
        ],
        ["host key", machine === null ? null : <code>{machine.hostKey.fingerprint}</code>],
        ["pool", <Link href={`/pools/${pool}`}>{pool}</Link>],
        ["recipe", recipe === undefined ? null : recipeText(recipe)],
        ["keys", keyFingerprints === undefined ? null : keysText(keyFingerprints)],
        ["", keysPending ? "Its new keys are being put on the machine." : null],
        ["asked", <Ago at={createdAt} />],
        ["set up", activeAt === null ? null : <Ago at={activeAt} />],
        [
          state === "failed" ? "held for" : "time left",
          expiresAt === null || state === "released" ? null : <Until at={expiresAt} />,
        ],
        ["released", releasedAt === null ? null : <Ago at={releasedAt} />],
        ["access ended", accessEndedAt === null ? null : <Ago at={accessEndedAt} />],
        ["swaps", swaps === 0 ? null : `${count(swaps, "machine")} could not be used and was replaced`],
        ["external id", externalId === null ? null : <code>{externalId}</code>],
      ]}
    />
  );
}

function recipeText({ name, version, current }: NonNullable<Assignment["recipe"]>): string {
  return `${name} ${version.slice(0, 8)}${version === current ? "" : `; current is ${current.slice(0, 8)}`}`;
}

function keysText(fingerprints: readonly string[]) {
  if (fingerprints.length === 0) return <span className="warn">none yet: nobody can log in</span>;
  return (
    <ul>
      {fingerprints.map((fingerprint) => (
        <li key={fingerprint}>
          <code>{fingerprint}</code>
        </li>
      ))}
    </ul>
  );
}
