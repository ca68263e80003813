import type { MachineAction, MachineView } from "../../contract/machine.ts";
import { fields } from "../terminal/table.ts";
import type { Field } from "../terminal/table.ts";
import { clean, cleanLines } from "../terminal/text.ts";
import { ago } from "../terminal/time.ts";

/** A machine in words. Pure. */

/** Everything about a machine; its evidence, where there is some, last and whole. */
export function machineLines(machine: MachineView, columns: number, now: number): string[] {
  const tails = Object.entries(machine.evidence ?? {}).flatMap(([name, text]) => [
    "",
    `${clean(name)}:`,
    // Behind an indent, so that none of them looks like one of ours.
    ...cleanLines(text)
      .trimEnd()
      .split("\n")
      .map((line) => `  ${line}`.trimEnd()),
  ]);
  return [...fields([...whatItIs(machine), ...howItStands(machine, now)], columns), ...tails];
}

function whatItIs(machine: MachineView): Field[] {
  const { hostKey, driver, driverRef } = machine;
  return [
    ["machine", machine.name],
    ["id", machine.id],
    ["state", stateText(machine)],
    ["pool", machine.pool],
    ["node", machine.node],
    ["tester", machine.assignment?.username ?? null],
    ["access", addressText(machine.access)],
    ["relay dials", machine.host === null ? null : `${machine.host}:${machine.port}`],
    ["host key", hostKey === null ? null : `${hostKey.type} ${hostKey.fingerprint}`],
    ["driver", driver === null ? null : `${driver} ${driverRef ?? ""}`],
  ];
}

function howItStands(machine: MachineView, now: number): Field[] {
  const { lastProbe, receipt, hold, cut, operation, can } = machine;
  const since = (iso: string | null) => (iso === null ? null : ago(iso, now));
  return [
    ["made", ago(machine.createdAt, now)],
    ["ready", since(machine.readyAt)],
    ["suspect", since(machine.suspectSince)],
    ["stale", machine.stale ? "the pool's spec has changed since" : null],
    ["held", hold === null ? null : because(`${ago(hold.at, now)} by ${hold.by}`, hold.note)],
    ["access cut", cut === null ? null : because(cutText(cut, now), cut.note)],
    ["work", operation === null ? null : workText(operation, now)],
    [
      "last probe",
      lastProbe === null ? null : because(`${lastProbe.answer} ${ago(lastProbe.at, now)}`, lastProbe.cause),
    ],
    ["deleted", since(machine.deletedAt)],
    ["proof", receipt === null ? null : proofText(receipt)],
    [
      "you may",
      machine.state === "deleted" ? null : possible(can) || "nothing: wait until its operation has finished",
    ],
  ];
}

function cutText({ at, by, doneAt }: NonNullable<MachineView["cut"]>, now: number): string {
  return `${ago(at, now)} by ${by}, ${doneAt === null ? "not stopped yet" : `stopped ${ago(doneAt, now)}`}`;
}

/** What is being done on it: `delete, try 3, begun 10s ago: the driver did not respond`. */
function workText(
  { kind, state, attempt, error, since }: NonNullable<MachineView["operation"]>,
  now: number,
): string {
  const tried = attempt > 1 ? `, try ${attempt}` : "";
  return because(`${kind} ${state}${tried}, ${ago(since, now)}`, error);
}

function proofText(receipt: NonNullable<MachineView["receipt"]>): string {
  return receipt.kind === "forgotten"
    ? because(`none: forgotten by ${receipt.by}`, receipt.note)
    : `${receipt.kind}, disks: ${receipt.storageProof}`;
}

function possible(can: MachineView["can"]): string {
  const actions = Object.keys(can) as MachineAction[];
  return actions.filter((action) => can[action] === null).join(", ");
}

export function stateText({ state, phase, stale, cut }: MachineView): string {
  return `${state}${cut === null ? "" : ", access cut"}${phase === null || state !== "provisioning" ? "" : ` (${phase})`}${stale ? ", stale" : ""}`;
}

export function addressText(access: MachineView["access"]): string | null {
  return access === null ? null : `${access.host}:${access.port}`;
}

function because(what: string, why: string | null): string {
  return why === null ? what : `${what}: ${why}`;
}
