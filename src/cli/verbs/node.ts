import type { Command } from "commander";
import { destroying, mayDestroy } from "../session/destroy.ts";
import type { DestroyOptions } from "../session/destroy.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import { advised } from "../terminal/failure.ts";
import { answer, answerInWords, next, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";
import { expectAtLeastOne } from "../inputs/atLeastOne.ts";
import { nullForDefault, type OrDefault, orDefault } from "../inputs/orDefault.ts";
import { wholeNumber } from "../inputs/wholeNumber.ts";
import { duration } from "../terminal/time.ts";
import { joinLines, NODES, nodeTable } from "../views/nodeView.ts";

type Tuned = { concurrency?: OrDefault<number>; silenceSeconds?: OrDefault<number> };

/** `warmpool node list|enroll|drain|resume|label|set|lift|reap|remove`. */
export function node(program: Command, cli: Cli): void {
  const verb = program.command("node").description("the hosts of the machines");
  verb
    .command("list")
    .description("list all nodes")
    .action(withSession(cli, list, NODES));
  verb
    .command("enroll")
    .description("create a one-time token for a new node to join with")
    .argument("<name>", "name of the node")
    .action(withSession(cli, enroll));
  verb
    .command("drain")
    .description("stop creating machines on a node. Its machines stay")
    .argument("<node>", "its name")
    .action(withSession(cli, drain));
  verb
    .command("resume")
    .description("create machines on a drained node again")
    .argument("<node>", "its name")
    .action(withSession(cli, resume));
  verb
    .command("label")
    .description("show or set the labels of a node, for pools that select nodes by label (nodeLabels)")
    .argument("<node>", "its name")
    .argument("[labels...]", "the new labels, which replace all others; without any, the node's are shown")
    .option("--none", "remove all labels. Machines stay; pools that require one create no more there")
    .action(withSession(cli, label));
  verb
    .command("set")
    .description("set how many machines a node works on at a time, and when it counts as silent")
    .argument("<node>", "its name")
    .option(
      "--concurrency <count>",
      "creates and deletes at a time, 1 to 100, or `default`: what its driver names, else 2",
      orDefault(wholeNumber),
    )
    .option(
      "--silence-seconds <count>",
      "seconds without a word from its relay until it is silent, 30 to 86400, or `default`: 90",
      orDefault(wholeNumber),
    )
    .action(withSession(cli, set));
  verb
    .command("lift")
    .description("lift the brake of a node, if its dead machines really are dead")
    .argument("<node>", "its name")
    .option("--note <text>", "why, for the record")
    .action(withSession(cli, lift));
  destroying(verb.command("reap"), "always")
    .description("allow a node's orphans to be torn down: machines with this installation's mark but no row")
    .argument("<node>", "its name")
    .argument("[machines...]", "only these (default: all that the node shows now)")
    .option("--note <text>", "why, for the record")
    .action(withSession(cli, reap));
  destroying(verb.command("remove"), "with --lost")
    .description("remove a node that has no machines")
    .argument("<node>", "its name")
    .option("--lost", "the host is permanently lost: forget its machines and release their testers")
    .action(withSession(cli, remove));
}

async function list(session: Session): Promise<void> {
  const nodes = await session.client.node.list.query();
  answer(
    session,
    nodes,
    (all) =>
      all.length === 0
        ? [`No node yet. Add one: \`${next(session, "node", "enroll", "NAME")}\``]
        : nodeTable(all, session.out.tableColumns),
    NODES,
  );
}

async function enroll(session: Session, name: string): Promise<void> {
  const enrolled = await session.client.node.enroll.mutate({ name });
  answer(session, enrolled, (result) => joinLines(result, session.url, Date.now()));
}

async function drain(session: Session, name: string): Promise<void> {
  const node = await session.client.node.drain.mutate({ name });
  answerInWords(session, node, (one) => [
    `No more machines are created on ${one.name}; machines it still has: ${one.machines}.`,
    `End it: \`${next(session, "node", "resume", one.name)}\``,
  ]);
}

async function resume(session: Session, name: string): Promise<void> {
  const node = await session.client.node.resume.mutate({ name });
  answerInWords(session, node, (one) => [`Machines are created on ${one.name} again.`]);
}

async function label(
  session: Session,
  name: string,
  labels: string[],
  { none }: { none?: true },
): Promise<void> {
  if (none === true && labels.length > 0)
    throw new CliError(EXIT.wrongUse, "labels and --none exclude each other.", "Give one of them.");
  const before = (await session.client.node.list.query()).find((node) => node.name === name);
  if (before === undefined) {
    const list = next(session, "node", "list");
    throw new CliError(EXIT.notFound, `there is no node named ${name}.`, `\`${list}\` lists them.`);
  }
  const isChange = none === true || labels.length > 0;
  const node = isChange ? await session.client.node.label.mutate({ name, labels }) : before;
  const lost = before.labels.filter((one) => !node.labels.includes(one));
  answerInWords(session, node, (one) => [
    one.labels.length === 0 ? `${name} has no labels.` : `Labels of ${name}: ${one.labels.join(", ")}.`,
    ...(lost.length === 0 ? [] : [`Removed: ${lost.join(", ")}.`]),
    ...(isChange || one.labels.length === 0
      ? []
      : [`To remove them all, run \`${next(session, "node", "label", name, "--none")}\``]),
  ]);
}

async function set(session: Session, name: string, tuned: Tuned): Promise<void> {
  expectAtLeastOne([tuned.concurrency, tuned.silenceSeconds], ["--concurrency", "--silence-seconds"]);
  const node = await session.client.node.set.mutate({
    name,
    concurrency: nullForDefault(tuned.concurrency),
    silenceSeconds: nullForDefault(tuned.silenceSeconds),
  });
  answerInWords(session, node, ({ concurrency, silenceSeconds }) => [
    `${name} works on ${concurrency} ${concurrency === 1 ? "create or delete" : "creates and deletes"} at a time.`,
    `It is silent when its relay is not heard for ${duration(silenceSeconds)}.`,
  ]);
}

async function lift(session: Session, name: string, options: { note?: string }): Promise<void> {
  const node = await session.client.node.lift.mutate({ name, ...options });
  answerInWords(session, node, (one) => [
    `The brake of ${one.name} is lifted: machines that are still dead are replaced.`,
    `See it: \`${next(session, "machine", "list", "--node", one.name)}\``,
  ]);
}

async function reap(
  session: Session,
  name: string,
  machines: string[],
  { yes, dryRun, ...options }: DestroyOptions & { note?: string },
): Promise<void> {
  const goes = async () => {
    const shown = (await session.client.node.list.query()).find((one) => one.name === name)?.orphans ?? [];
    const names = shown.map((orphan) => orphan.name);
    const going = machines.length === 0 ? names : machines;
    return going.length === 0 ? [] : [`Orphans of ${name} that would be torn down: ${going.join(", ")}.`];
  };
  if (!(await mayDestroy(session, { yes, dryRun }, { goes, bare: false }))) return;
  const which = machines.length === 0 ? {} : { machines };
  const node = await session.client.node.reap.mutate({ name, ...which, ...options });
  answerInWords(session, node, (one) => {
    const going = one.orphans.filter(({ confirmedBy }) => confirmedBy !== null);
    return [
      `Orphans of ${one.name} that will be torn down when they are seen again: ${going.length}.`,
      ...going.map((orphan) => `  ${orphan.name}`),
      `See it: \`${next(session, "machine", "list", "--node", one.name)}\``,
    ];
  });
}

async function remove(
  session: Session,
  name: string,
  { lost, ...options }: DestroyOptions & { lost?: true },
): Promise<void> {
  const goes = async () => [
    `The node ${name} would be removed, and its credential revoked.`,
    ...(lost === true ? await lostWith(session, name) : []),
  ];
  if (!(await mayDestroy(session, options, { goes, bare: lost !== true }))) return;
  const removed = await advised(
    "CONFLICT",
    `\`${next(session, "machine", "list", "--node", name)}\` shows them. --lost forgets them without proof.`,
    () => session.client.node.remove.mutate({ name, lost: lost === true }),
  );
  answerInWords(session, removed, ({ forgotten, released }) => [
    `Node ${name} is removed, and its credential is revoked.`,
    ...(forgotten === 0 ? [] : [`Machines forgotten: ${forgotten}. Testers released: ${released}.`]),
  ]);
}

/** What is forgotten with a node that is lost; no more names than a person reads. */
async function lostWith(session: Session, node: string): Promise<string[]> {
  const { items, nextCursor } = await session.client.machine.list.query({ node, limit: 500 });
  if (items.length === 0) return [];
  const names = items.slice(0, NAMED).map(({ name }) => name);
  const more = items.length > NAMED || nextCursor !== null ? " and more" : "";
  const testers = items.flatMap(({ assignment }) => (assignment === null ? [] : [assignment.username]));
  return [
    `Machines that would be forgotten: ${names.join(", ")}${more}.`,
    ...(testers.length === 0
      ? []
      : [`Testers who would be released: ${testers.slice(0, NAMED).join(", ")}.`]),
  ];
}

const NAMED = 20;
