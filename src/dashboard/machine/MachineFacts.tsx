import type { ReactNode } from "react";
import { Link } from "wouter";
import type { MachineView } from "../../contract/machine.ts";
import { Facts } from "../parts/Layout.tsx";
import { Ago, Until } from "../parts/Time.tsx";
import { plain } from "../text/foreign.ts";

/** What there is to know about a machine; what it does not have is left out. */
export function MachineFacts({ machine }: { machine: MachineView }) {
  const { assignment, pool, node, host, port, access, hostKey, driver, driverRef, lastProbe } = machine;
  const { hold, cut, operation, receipt, stale, suspectSince, readyAt, createdAt, deletedAt, keepUntil } =
    machine;
  const since = (at: string | null) => (at === null ? null : <Ago at={at} />);
  return (
    <Facts
      of={[
        [
          "tester",
          assignment === null ? null : <Link href={`/testers/${assignment.id}`}>{assignment.username}</Link>,
        ],
        ["pool", pool === null ? "none: an adopted orphan" : <Link href={`/pools/${pool}`}>{pool}</Link>],
        ["node", <Link href={`/nodes#${encodeURIComponent(node)}`}>{node}</Link>],
        ["address", access === null ? null : <code>{`${access.host}:${access.port}`}</code>],
        ["relay dials", host === null ? null : <code>{`${host}:${port}`}</code>],
        ["host key", hostKey === null ? null : <code>{`${hostKey.type} ${hostKey.fingerprint}`}</code>],
        [
          "last probe",
          lastProbe === null
            ? null
            : because(
                <>
                  {lastProbe.answer} <Ago at={lastProbe.at} />
                </>,
                lastProbe.cause,
              ),
        ],
        ["work", operation === null ? null : because(workText(operation), operation.error)],
        ["suspect", since(suspectSince)],
        ["stale", stale ? "the pool's spec has changed since" : null],
        [
          "held",
          hold === null
            ? null
            : because(
                <>
                  <Ago at={hold.at} /> by {hold.by}
                </>,
                hold.note,
              ),
        ],
        [
          "access cut",
          cut === null
            ? null
            : because(
                <>
                  <Ago at={cut.at} /> by {cut.by}, {cut.doneAt === null ? "not stopped yet" : "stopped"}
                </>,
                cut.note,
              ),
        ],
        [
          "kept",
          keepUntil === null ? null : (
            <>
              deleted in <Until at={keepUntil} />
            </>
          ),
        ],
        ["ready", since(readyAt)],
        ["made", <Ago at={createdAt} />],
        ["deleted", since(deletedAt)],
        ["proof", receipt === null ? null : proofText(receipt)],
        ["driver", driver === null ? null : <code>{plain(`${driver} ${driverRef ?? ""}`)}</code>],
        ["id", <code>{machine.id}</code>],
      ]}
    />
  );
}

function because(what: ReactNode, why: string | null): ReactNode {
  return why === null ? (
    what
  ) : (
    <>
      {what}: {plain(why)}
    </>
  );
}

function workText({ kind, state, attempt, since }: NonNullable<MachineView["operation"]>): ReactNode {
  return (
    <>
      {kind} {state}
      {attempt > 1 ? `, try ${attempt}` : ""}, begun <Ago at={since} />
    </>
  );
}

function proofText(receipt: NonNullable<MachineView["receipt"]>): string {
  switch (receipt.kind) {
    case "listed":
      return `gone from a complete listing of its node; disks: ${receipt.storageProof}`;
    case "never-started":
      return "its create never began";
    case "forgotten":
      return `none: forgotten by ${receipt.by}${receipt.note === null ? "" : `: ${receipt.note}`}`;
  }
}
