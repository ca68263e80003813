import type { Command } from "commander";
import type { MachineView } from "../../contract/machine.ts";
import { destroying, mayDestroy } from "../session/destroy.ts";
import type { DestroyOptions } from "../session/destroy.ts";
import { answerInWords, next, withSession } from "../session/session.ts";
import type { Cli, Session } from "../session/session.ts";

type NoteOptions = { note?: string };

/** `warmpool machine recreate|restart|hold|unhold|cut|uncut|forget`: what an admin does with one machine. */
export function machineActions(verb: Command, cli: Cli): void {
  destroying(action(verb, "recreate", "tear a machine down. Its pool makes another one if it needs it"))
    .option(
      "--reassign",
      "give its tester another machine and a new set-up; what is left of the old one is held",
    )
    .action(withSession(cli, recreate));
  action(verb, "restart", "restart a machine. It keeps its data, its host key and its tester").action(
    withSession(cli, restart),
  );
  action(verb, "hold", "take a machine out of the pool to look into it. Its tester, if it has one, keeps it")
    .option("--note <text>", "why, for the record")
    .action(withSession(cli, hold));
  action(verb, "unhold", "give a held machine back").action(withSession(cli, unhold));
  action(verb, "cut", "end all access to a machine now: its node stops it, and its data is kept")
    .option("--note <text>", "why, for the record")
    .action(withSession(cli, cut));
  action(verb, "uncut", "start a machine that was cut, and give the access back").action(
    withSession(cli, uncut),
  );
  destroying(action(verb, "forget", "forget a machine without proof that it is gone"))
    .option("--note <text>", "why, for the record")
    .addHelpText("after", "\nFor a teardown that can never end. A VM that is still there is an orphan then.")
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
    if (state === "deleted") return [];
    return assignment === null
      ? [`${name}, which is ${state}, is torn down with all that is on it.`]
      : [`${name} is taken from ${assignment.username}, who gets another one without what is on it.`];
  };
  if (!(await mayDestroy(session, options, { goes, bare: reassign !== true }))) return;
  const machine = await session.client.machine.recreate.mutate({ id, reassign: reassign === true });
  answerInWords(session, machine, ({ name, state }) =>
    state === "held"
      ? [
          `The tester of ${name} gets another machine, and the set-up runs again there. ${name} is held.`,
          `Nobody needs it any more: \`${next(session, "machine", "recreate", name)}\``,
        ]
      : [`${name} is being torn down.`],
  );
}

async function restart(session: Session, id: string): Promise<void> {
  const asked = await session.client.machine.restart.mutate({ id });
  answerInWords(session, asked, ({ name }) => [
    `${name} will be restarted.`,
    `How it goes: \`${next(session, "machine", "timeline", name)}\``,
  ]);
}

async function hold(session: Session, id: string, { note }: NoteOptions): Promise<void> {
  const machine = await session.client.machine.hold.mutate({ id, ...(note === undefined ? {} : { note }) });
  answerInWords(session, machine, ({ name }) => [
    `${name} is held: nobody gets it, and nothing tears it down.`,
    `Look into it: \`${next(session, "ssh", name)}\``,
    `Give it back: \`${next(session, "machine", "unhold", name)}\``,
  ]);
}

async function unhold(session: Session, id: string): Promise<void> {
  const machine = await session.client.machine.unhold.mutate({ id });
  answerInWords(session, machine, (one) => [`${one.name} is held no more: ${whereItGoes(one)}.`]);
}

async function cut(session: Session, id: string, { note }: NoteOptions): Promise<void> {
  const asked = await session.client.machine.cut.mutate({ id, ...(note === undefined ? {} : { note }) });
  answerInWords(session, asked, ({ name, node }) => [
    `${name} is being stopped by its node ${node}, and is not started again before a person says so.`,
    `Whether it is done: \`${next(session, "machine", "get", name)}\``,
    `Give the access back: \`${next(session, "machine", "uncut", name)}\``,
  ]);
}

async function uncut(session: Session, id: string): Promise<void> {
  const asked = await session.client.machine.uncut.mutate({ id });
  answerInWords(session, asked, ({ name }) => [
    `${name} is being started. Keys that were replaced meanwhile are put there when it answers.`,
    `How it goes: \`${next(session, "machine", "timeline", name)}\``,
  ]);
}

async function forget(
  session: Session,
  id: string,
  { note, ...options }: DestroyOptions & NoteOptions,
): Promise<void> {
  const goes = async () => {
    const { name, state, node } = await session.client.machine.get.query({ id });
    return [`${name}, which is ${state}, goes off the books; on ${node} it may run on.`];
  };
  if (!(await mayDestroy(session, options, { goes, bare: true }))) return;
  const machine = await session.client.machine.forget.mutate({ id, ...(note === undefined ? {} : { note }) });
  answerInWords(session, machine, ({ name, node }) => [
    `${name} is off the books. If a VM of it still runs on ${node}, it is an orphan now.`,
  ]);
}

function whereItGoes({ state, assignment }: MachineView): string {
  switch (state) {
    case "suspect":
      return "it is probed, and ready once it has answered";
    case "assigned":
      return `it is ${assignment?.username ?? "its tester"}'s again`;
    case "deleting":
      return "a tester has had it, so it is torn down";
    default:
      return `it is ${state}`;
  }
}
