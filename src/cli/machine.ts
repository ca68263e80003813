import { InvalidArgumentError, Option } from "commander";
import type { Command } from "commander";
import { MACHINE_STATES } from "../contract/machine.ts";
import type { MachineState, MachineView } from "../contract/machine.ts";
import { answer, next, withSession } from "./session.ts";
import type { Cli, Session } from "./session.ts";
import { fields, table } from "./table.ts";
import type { Column, Field } from "./table.ts";
import { cleanLines } from "./text.ts";
import { ago } from "./time.ts";

type ListOptions = { pool?: string; state?: MachineState; node?: string; limit?: number; cursor?: string };

/** `warmpool machine list|get|restart`. */
export function machine(program: Command, cli: Cli): void {
  const verb = program.command("machine").description("the machines of the pools");
  verb
    .command("list")
    .description("newest first; without deleted ones unless they are asked for")
    .option("--pool <pool>", "of this pool only")
    .addOption(new Option("--state <state>", "in this state only").choices(MACHINE_STATES))
    .option("--node <node>", "on this node only")
    .option("--limit <count>", "how many at most (50, up to 500)", count)
    .option("--cursor <cursor>", "go on where the page before ended")
    .action(withSession(cli, list));
  verb
    .command("get")
    .description("all there is to know about one machine")
    .argument("<machine>", "its name or id")
    .action(withSession(cli, get));
  verb
    .command("restart")
    .description("stop it and start it; its data, its host key and its tester stay")
    .argument("<machine>", "its name or id")
    .action(withSession(cli, restart));
}

async function list(session: Session, options: ListOptions): Promise<void> {
  const page = await session.client.machine.list.query(options);
  answer(session, page, ({ items }) =>
    items.length === 0 ? ["No such machine."] : table(COLUMNS, items, session.out.columns),
  );
  if (page.nextCursor !== null && !session.json) {
    session.out.note(`More follow: add --cursor ${page.nextCursor}`);
  }
}

async function get(session: Session, id: string): Promise<void> {
  const found = await session.client.machine.get.query({ id });
  answer(session, found, (one) => machineLines(one, session.out.columns, Date.now()));
}

async function restart(session: Session, id: string): Promise<void> {
  const asked = await session.client.machine.restart.mutate({ id });
  answer(session, asked, ({ name }) => [
    `${name} will be restarted.`,
    `How it is: ${next(session, "machine", "get", name)}`,
  ]);
}

const COLUMNS: Column<MachineView>[] = [
  { title: "MACHINE", value: (machine) => machine.name, keep: true },
  { title: "STATE", value: stateText },
  { title: "TESTER", value: (machine) => machine.assignment?.username ?? null },
  { title: "ACCESS", value: (machine) => addressText(machine.access) },
  { title: "NODE", value: (machine) => machine.node },
  { title: "MADE", value: (machine) => ago(machine.createdAt, Date.now()) },
];

/** Everything about a machine; its evidence, where there is some, last and whole. */
export function machineLines(machine: MachineView, columns: number, now: number): string[] {
  const { hostKey, lastProbe, receipt, evidence } = machine;
  const pairs: Field[] = [
    ["machine", machine.name],
    ["id", machine.id],
    ["state", stateText(machine)],
    ["pool", machine.pool],
    ["node", machine.node],
    ["tester", machine.assignment?.username ?? null],
    ["access", addressText(machine.access)],
    ["relay dials", machine.host === null ? null : `${machine.host}:${machine.port}`],
    ["host key", hostKey === null ? null : `${hostKey.type} ${hostKey.fingerprint}`],
    ["driver", machine.driver === null ? null : `${machine.driver} ${machine.driverRef ?? ""}`],
    ["made", ago(machine.createdAt, now)],
    ["ready", machine.readyAt === null ? null : ago(machine.readyAt, now)],
    ["suspect", machine.suspectSince === null ? null : ago(machine.suspectSince, now)],
    ["stale", machine.stale ? "the pool's spec has changed since" : null],
    [
      "last probe",
      lastProbe === null
        ? null
        : `${lastProbe.answer} ${ago(lastProbe.at, now)}${lastProbe.cause === null ? "" : `: ${lastProbe.cause}`}`,
    ],
    ["deleted", machine.deletedAt === null ? null : ago(machine.deletedAt, now)],
    ["proof", receipt === null ? null : `${receipt.kind}, disks: ${receipt.storageProof}`],
  ];
  const tails = Object.entries(evidence ?? {}).flatMap(([name, text]) => [
    "",
    `${name}:`,
    ...cleanLines(text).trimEnd().split("\n"),
  ]);
  return [...fields(pairs, columns), ...tails];
}

function stateText({ state, phase, stale }: MachineView): string {
  return `${state}${phase === null || state !== "provisioning" ? "" : ` (${phase})`}${stale ? ", stale" : ""}`;
}

function addressText(access: MachineView["access"]): string | null {
  return access === null ? null : `${access.host}:${access.port}`;
}

function count(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new InvalidArgumentError("Write a whole number.");
  return Number(text);
}
