import type { Case } from "../case.ts";
import { answers, assertGone, create, find, run } from "../look.ts";
import { RULES } from "../rules.ts";
import { demand, well } from "../violation.ts";

/** Stopping, starting and deleting, and whose machines a driver may do that to. */
export const stopAndStart: Case = {
  id: "stop-start",
  title: "a machine that was stopped and started keeps its data and its host key",
  proves: "After a power failure of the node, testers have their data.",
  async run(subject) {
    const { driver } = subject;
    const made = await create(subject);
    const { name } = made;
    await run(subject, made, "echo kept >~/mark && sync");
    await well(`stop of ${name}`, RULES.stopped, driver.stop(name, subject.soon()));
    await well(`A second stop of ${name}`, RULES.stopped, driver.stop(name, subject.soon()));
    const stopped = await find(subject, name);
    demand(stopped !== null, `stop of ${name} succeeded, but then get does not find it.`, RULES.stopped);
    demand(
      stopped.state === "stopped",
      `stop of ${name} succeeded, but get reports ${stopped.state}.`,
      RULES.stopped,
    );
    const lives = await answers(subject, made);
    demand(!lives, `stop of ${name} succeeded, but it still responds over SSH.`, RULES.stopped);
    await well(`start of ${name}`, RULES.started, driver.start(name, subject.soon()));
    await well(`A second start of ${name}`, RULES.started, driver.start(name, subject.soon()));
    const mark = await run(subject, made, "cat ~/mark || true");
    demand(mark === "kept", `${name} lost its data in a stop and a start.`, RULES.started);
    const state = (await find(subject, name))?.state;
    demand(
      state === "running",
      `start of ${name} succeeded, but get reports ${state ?? "no such machine"}.`,
      RULES.started,
    );
  },
};

export const deletedAtOnce: Case = {
  id: "delete-at-once",
  title: "two concurrent deletes of one machine both succeed",
  proves: "A relay that was superseded may still be running a delete.",
  async run(subject) {
    const made = await create(subject);
    const both = [subject.driver, await subject.again()].map((driver) =>
      driver.delete(made.name, subject.soon()),
    );
    await Promise.all(
      both.map((call) => well(`One of two concurrent deletes of ${made.name}`, RULES.deleteAgain, call)),
    );
    await assertGone(subject, made, `Two concurrent deletes of ${made.name}`);
  },
};

export const foreign: Case = {
  id: "foreign",
  title: "another installation's machine is not shown or touched",
  proves: "Two installations may share a host; a mistake in one never deletes a machine of the other.",
  async run(subject) {
    const made = await create(subject);
    const { name, request } = made;
    await run(subject, made, "echo ours >~/mark");
    const theirs = await subject.foreign();
    const who = "another installation";
    demand((await find(subject, name, theirs)) === null, `get shows ${name} to ${who}.`, RULES.foreign);
    const { machines } = await well("list", RULES.complete, theirs.list(subject.soon()));
    demand(
      machines.length === 0,
      `list shows ${machines.map((one) => one.name).join(", ")} to ${who}.`,
      RULES.foreign,
    );
    await well(`stop of ${name} for ${who}`, RULES.stopped, theirs.stop(name, subject.soon()));
    await well(`delete of ${name} for ${who}`, RULES.deleteAgain, theirs.delete(name, subject.soon()));
    const spare = (await subject.wanted()).request;
    const again = { ...request, hostKey: spare.hostKey, port: spare.port, httpPort: spare.httpPort };
    // A driver may keep names apart by installation or refuse one that is taken; it may not hand over the machine.
    const isMade = await theirs.create(again, subject.soon()).then(
      () => true,
      () => false,
    );
    if (isMade)
      await well(`delete of ${name} for ${who}`, RULES.deleted, theirs.delete(name, subject.soon()));
    demand((await find(subject, name)) !== null, `${name} is gone after a delete for ${who}.`, RULES.foreign);
    const mark = await run(subject, made, "cat ~/mark || true");
    demand(mark === "ours", `${name} was changed by calls for ${who}.`, RULES.foreign);
  },
};
