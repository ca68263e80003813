import type { Command } from "commander";
import type { CapacityReport, CapacityTerm, NodeCapacity } from "../../contract/capacity.ts";
import type { Output } from "../terminal/output.ts";
import { parseShape } from "../inputs/shapeOption.ts";
import { answer, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { table } from "../terminal/table.ts";
import type { Column } from "../terminal/table.ts";
import { wrap } from "../terminal/text.ts";
import { more, since } from "../terminal/listing.ts";
import type { Listing } from "../terminal/listing.ts";

type Options = { pool?: string; shape?: string };

/** `warmpool capacity`: show how many more machines fit, and what takes up the rest. */
export function capacity(program: Command, cli: Cli): void {
  program
    .command("capacity")
    .description("show how many more machines fit, and what uses the rest")
    .option("--pool <pool>", "for this pool's machines, on its nodes")
    .option("--shape <shape>", "for another shape: 4x8x100 is 4 vCPU, 8 GiB memory, 100 GiB disk", parseShape)
    .addHelpText("after", "\n-o csv, -o wide and --columns print the nodes.")
    .action(withSession(cli, show, CAPACITY));
}

async function show(session: Session, { pool, shape }: Options): Promise<void> {
  const report = await session.client.capacity.report.query({
    ...(pool === undefined ? {} : { pool }),
    ...(shape === undefined ? {} : { shape }),
  });
  answer(session, report, (all) => lines(all, session.out), CAPACITY);
}

function lines(
  report: CapacityReport,
  { columns, tableColumns }: Pick<Output, "columns" | "tableColumns">,
): string[] {
  return [
    ...wrap(report.text, columns),
    ...section("", table(NODES, report.nodes, tableColumns), report.nodes.length > 0),
    ...section("", table(DISKS, disksOf(report.nodes), tableColumns), report.nodes.length > 0),
    ...section("", table(TERMS, report.terms, tableColumns), report.terms.length > 0),
    ...report.nodes.flatMap(({ node, drift }) => [
      ...drifted(`${node} does not show these machines, which should exist:`, drift.notOnNode, columns),
      ...drifted(`${node} has these orphans:`, drift.noRow, columns),
    ]),
  ];
}

const NODES: Column<NodeCapacity>[] = [
  { title: "NODE", value: ({ node }) => node, keep: true },
  { title: "NOMINAL", value: ({ nominal }) => nominal, align: "right", keep: true },
  { title: "BOOKED", value: ({ booked }) => booked, align: "right", keep: true },
  { title: "FIT", value: ({ placeable }) => placeable, align: "right", keep: true },
  { title: "BOUND BY", value: ({ closed, binding }) => closed ?? binding, keep: true },
  since("COUNTED", ({ inventoryAt }) => inventoryAt),
  more("WHY", ({ detail }) => detail),
  more("TAKEN BY", ({ terms }) => terms.map(({ kind, count }) => `${count} ${kind}`).join(", ")),
  more("NOT ON NODE", ({ drift }) => drift.notOnNode.join(" ")),
  more("ORPHANS", ({ drift }) => drift.noRow.join(" ")),
];
const CAPACITY: Listing<CapacityReport, NodeCapacity> = { columns: NODES, rows: ({ nodes }) => nodes };

type Disk = NodeCapacity["disks"][number] & { node: string };
const gib = (amount: number) => `${Math.round(amount)} GiB`;
const DISKS: Column<Disk>[] = [
  { title: "NODE", value: ({ node }) => node, keep: true },
  { title: "DISK", value: ({ name }) => name, keep: true },
  { title: "TOTAL", value: ({ totalGib }) => gib(totalGib), align: "right", keep: true },
  { title: "COMMITTED", value: ({ committedGib }) => gib(committedGib), align: "right", keep: true },
  { title: "FREE", value: ({ totalGib, usedGib }) => gib(totalGib - usedGib), align: "right", keep: true },
  { title: "", value: ({ thin }) => (thin ? "thin" : ""), keep: true },
];

const TERMS: Column<CapacityTerm>[] = [
  { title: "TAKES", value: ({ count }) => count, align: "right", keep: true },
  { title: "WHAT", value: ({ kind }) => kind, keep: true },
  { title: "WHICH", value: ({ names }) => names.join(" "), text: true },
];

function disksOf(nodes: readonly NodeCapacity[]): Disk[] {
  return nodes.flatMap(({ node, disks }) => disks.map((disk) => ({ ...disk, node })));
}

function section(title: string, body: string[], isShown: boolean): string[] {
  return isShown ? [title, ...body] : [];
}

function drifted(what: string, names: readonly string[], columns: number): string[] {
  return names.length === 0 ? [] : ["", ...wrap(`${what} ${names.join(", ")}`, columns)];
}
