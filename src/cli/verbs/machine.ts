import { Option } from "commander";
import type { Command } from "commander";
import { MACHINE_STATES } from "../../contract/machine.ts";
import type { MachineState, MachineView } from "../../contract/machine.ts";
import { expectNamed } from "../session/namedFilters.ts";
import { answer, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { machineActions } from "./machineActions.ts";
import { addressText, machineLines, stateText } from "../views/machineView.ts";
import { table } from "../terminal/table.ts";
import type { Column } from "../terminal/table.ts";
import { more, oneOf, pageOf, since } from "../terminal/listing.ts";
import { timeline } from "./timeline.ts";
import { wholeNumber } from "../inputs/wholeNumber.ts";

type ListOptions = { pool?: string; state?: MachineState; node?: string; limit?: number; cursor?: string };

/** `warmpool machine …`: what is read here; what is done with one is in machineActions.ts. */
export function machine(program: Command, cli: Cli): void {
  const verb = program.command("machine").description("the machines of the pools");
  verb
    .command("list")
    .description("list machines, newest first, without deleted ones unless you ask for them")
    .option("--pool <pool>", "of this pool only")
    .addOption(new Option("--state <state>", "in this state only").choices(MACHINE_STATES))
    .option("--node <node>", "on this node only")
    .option("--limit <count>", "maximum number of entries (default: 50; at most 500)", wholeNumber)
    .option("--cursor <cursor>", "continue after the previous page")
    .action(withSession(cli, list, MACHINES));
  verb
    .command("get")
    .description("show everything about one machine")
    .argument("<machine>", "its name or id")
    .action(withSession(cli, get, MACHINE));
  timeline(verb, cli);
  machineActions(verb, cli);
}

async function list(session: Session, options: ListOptions): Promise<void> {
  const page = await session.client.machine.list.query(options);
  if (page.items.length === 0) await expectNamed(session, options);
  answer(
    session,
    page,
    ({ items }) =>
      items.length === 0 ? ["No such machine."] : table(COLUMNS, items, session.out.tableColumns),
    MACHINES,
  );
  if (page.nextCursor !== null && !session.json) {
    session.out.note(`More follow: add --cursor ${page.nextCursor}`);
  }
}

async function get(session: Session, id: string): Promise<void> {
  const found = await session.client.machine.get.query({ id });
  answer(session, found, (one) => machineLines(one, session.out.columns, Date.now()), MACHINE);
}

const COLUMNS: Column<MachineView>[] = [
  { title: "MACHINE", value: (machine) => machine.name, keep: true },
  { title: "STATE", value: stateText, raw: (machine) => machine.state, keep: true },
  { title: "TESTER", value: (machine) => machine.assignment?.username ?? null, keep: true },
  { title: "ACCESS", value: (machine) => addressText(machine.access), keep: true },
  { title: "NODE", value: (machine) => machine.node },
  since("MADE", (machine) => machine.createdAt),
  more("POOL", (machine) => machine.pool),
  more("PHASE", (machine) => machine.phase),
  more("READY SINCE", (machine) => machine.readyAt),
  more("PROBED", (machine) => machine.lastProbe?.at ?? null),
  more("ANSWER", (machine) => machine.lastProbe?.answer ?? null),
  more("DRIVER", (machine) => machine.driver),
  more("REFERENCE", (machine) => machine.driverRef),
  more("HOST KEY", (machine) => machine.hostKey?.fingerprint ?? null),
  more("ID", (machine) => machine.id),
];
const MACHINES = pageOf(COLUMNS);
const MACHINE = oneOf(COLUMNS);
