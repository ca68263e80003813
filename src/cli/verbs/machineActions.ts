import type { Command } from "commander";
import type { MachineView } from "../../contract/machine.ts";
import { destroying, mayDestroy } from "../session/destroy.ts";
import type { DestroyOptions } from "../session/destroy.ts";
import { answerInWords, next, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";

type NoteOptions = { note?: string };

/** `warmpool machine recreate|restart|hold|unhold|cut|uncut|forget`: what an admin does with one machine. */
export function machineActions(verb: Command, cli: Cli): void {
  destroying(
    action(verb, "recreate", "tear a machine down. Its pool creates another one if needed"),
    "with --reassign",
  )
    .option("--reassign", "give its tester another machine and a new set-up; the old machine is held")
    .action(withSession(cli, recreate));
  action(verb, "restart", "restart a machine. It keeps its data, its host key and its tester").action(
    withSession(cli, restart),
  );
  action(verb, "hold", "keep a machine out of the pool for inspection. If it has a tester, they keep it")
    .option("--note <text>", "why, for the record")
    .action(withSession(cli, hold));
  action(verb, "unhold", "return a held machine to the pool").action(withSession(cli, unhold));
  action(verb, "cut", "end all access to a machine now: its node stops it, and its data is kept")
    .option("--note <text>", "why, for the record")
    .action(withSession(cli, cut));
  action(verb, "uncut", "start a machine that was cut, and restore the access").action(
    withSession(cli, uncut),
  );
  destroying(action(verb, "forget", "forget a machine without proof that it is gone"), "never")
    .option("--note <text>", "why, for the record")
    .addHelpText("after", "\nFor a teardown that can never finish. A VM that still exists becomes an orphan.")
    .action(withSession(cli, forget));
}

function action(verb: Command, name: string, description: string): Command {
  return verb.command(name).description(description).argument("<machine>", "its name or id");
}

async function recreate(
  session: Session,
  id: string,
  { reassign, ...options }: DestroyOptions & { reassign?: true },
): Promise<void> {
  const goes = async () => {
    const { name, state, assignment } = await session.client.machine.get.query({ id });
    // The API refuses these, and there is nothing to confirm.
    if (state === "deleted" || (assignment !== null && reassign !== true)) return [];
    return assignment === null
      ? [`${name}, which is ${state}, would be torn down with all its data.`]
      : [
          `${name} would be taken from ${assignment.username}, who would get another machine without its data.`,
        ];
  };
  if (!(await mayDestroy(session, options, { goes, bare: reassign !== true }))) return;
  const machine = await session.client.machine.recreate.mutate({ id, reassign: reassign === true });
  answerInWords(session, machine, ({ name, state }) =>
    state === "held"
      ? [
          `The tester of ${name} gets another machine, and the set-up runs again there. ${name} is held.`,
          `When nobody needs it any more, run \`${next(session, "machine", "recreate", name)}\``,
        ]
      : [`${name} is being torn down.`],
  );
}

async function restart(session: Session, id: string): Promise<void> {
  const asked = await session.client.machine.restart.mutate({ id });
  answerInWords(session, asked, ({ name }) => [
    `${name} will be restarted.`,
    `To see its progress, run \`${next(session, "machine", "timeline", name)}\``,
  ]);
}

async function hold(session: Session, id: string, { note }: NoteOptions): Promise<void> {
  const machine = await session.client.machine.hold.mutate({ id, ...(note === undefined ? {} : { note }) });
  answerInWords(session, machine, ({ name }) => [
    `${name} is held: it is not assigned and not torn down.`,
    `To inspect it, run \`${next(session, "ssh", name)}\``,
    `To return it to the pool, run \`${next(session, "machine", "unhold", name)}\``,
  ]);
}

async function unhold(session: Session, id: string): Promise<void> {
  const machine = await session.client.machine.unhold.mutate({ id });
  answerInWords(session, machine, (one) => [`${one.name} is no longer held: ${whereItGoes(one)}.`]);
}

async function cut(session: Session, id: string, { note }: NoteOptions): Promise<void> {
  const asked = await session.client.machine.cut.mutate({ id, ...(note === undefined ? {} : { note }) });
  answerInWords(session, asked, ({ name, node }) => [
    `${name} is being stopped by its node ${node}, and stays stopped until a person restores the access.`,
    `To see whether it is stopped, run \`${next(session, "machine", "get", name)}\``,
    `To restore the access, run \`${next(session, "machine", "uncut", name)}\``,
  ]);
}

async function uncut(session: Session, id: string): Promise<void> {
  const asked = await session.client.machine.uncut.mutate({ id });
  answerInWords(session, asked, ({ name }) => [
    `${name} is being started. Keys that were replaced in the meantime are installed when it responds.`,
    `To see its progress, run \`${next(session, "machine", "timeline", name)}\``,
  ]);
}

async function forget(
  session: Session,
  id: string,
  { note, ...options }: DestroyOptions & NoteOptions,
): Promise<void> {
  const goes = async () => {
    const { name, state, node } = await session.client.machine.get.query({ id });
    return [`${name}, which is ${state}, would be forgotten; it may still be running on ${node}.`];
  };
  if (!(await mayDestroy(session, options, { goes, bare: true }))) return;
  const machine = await session.client.machine.forget.mutate({ id, ...(note === undefined ? {} : { note }) });
  answerInWords(session, machine, ({ name, node }) => [
    `${name} is forgotten. If its VM still runs on ${node}, it is now an orphan.`,
  ]);
}

function whereItGoes({ state, assignment }: MachineView): string {
  switch (state) {
    case "suspect":
      return "it is probed, and ready once it responds";
    case "assigned":
      return `it is ${assignment?.username ?? "its tester"}'s again`;
    case "deleting":
      return "a tester has used it, so it is torn down";
    default:
      return `it is ${state}`;
  }
}
