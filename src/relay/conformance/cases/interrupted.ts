import type { Driver } from "../../driver.ts";
import type { Case } from "../case.ts";
import { cutOff, moments, timed } from "../interrupt.ts";
import { assertGone, create, find, listed, remove, run } from "../look.ts";
import { RULES } from "../rules.ts";
import type { Subject } from "../subject.ts";
import { demand, well } from "../violation.ts";

/** Every call killed at random moments of it, and then repeated. */
export const createInterrupted: Case = {
  id: "create-killed",
  title: "what a killed create leaves behind is shown and can be deleted",
  proves: "A relay may be killed during a create: nothing unknown is left behind.",
  async run(subject) {
    const { value: whole, ms } = await timed(() => create(subject));
    await remove(subject, whole);
    const done = [];
    for (const at of moments(ms)) {
      const wanted = await subject.wanted();
      const { name } = wanted.request;
      const when = `After a create of ${name} was killed ${at} ms after its start,`;
      const { request } = wanted;
      await cut(subject, `create of ${name}`, at, (abrupt, signal) => abrupt.create(request, signal));
      if (await shows(subject, name, when)) {
        await remove(
          subject,
          wanted,
          `delete of ${name}, left behind by a create that was killed after ${at} ms,`,
        );
      } else {
        // As the relay does where nothing was found.
        await remove(subject, await create(subject, wanted, RULES.repeated));
      }
      done.push(wanted);
    }
    // What a killed call began elsewhere must not come up later.
    for (const wanted of done) {
      await assertGone(
        subject,
        wanted,
        `Some time ago a delete of ${wanted.request.name}, left behind by a killed create,`,
      );
    }
  },
};

export const deleteInterrupted: Case = {
  id: "delete-killed",
  title: "a killed delete can be repeated until everything is gone",
  proves: "A half-deleted machine is never forgotten, and its capacity is not reused before it is free.",
  async run(subject) {
    const first = await create(subject);
    const { ms } = await timed(() =>
      well(`delete of ${first.name}`, RULES.deleted, subject.driver.delete(first.name, subject.soon())),
    );
    const made = await create(subject);
    const { name } = made;
    for (const at of moments(ms)) {
      await cut(subject, `delete of ${name}`, at, (abrupt, signal) => abrupt.delete(name, signal));
      await shows(subject, name, `After a delete of ${name} was killed ${at} ms after its start,`);
    }
    await well(
      `delete of ${name} after killed ones`,
      RULES.repeated,
      subject.driver.delete(name, subject.soon()),
    );
    await assertGone(subject, made, `delete of ${name} after killed ones`);
  },
};

export const othersInterrupted: Case = {
  id: "others-killed",
  title: "stop, start, get, list and capacity can be killed and repeated",
  proves: "No call leaves a lock or a half-written file that blocks the next one.",
  async run(subject) {
    const { driver } = subject;
    const made = await create(subject);
    const { name } = made;
    const stop = await timed(() => well(`stop of ${name}`, RULES.stopped, driver.stop(name, subject.soon())));
    const start = await timed(() =>
      well(`start of ${name}`, RULES.started, driver.start(name, subject.soon())),
    );
    const look = await timed(() => listed(subject));
    for (const at of moments(stop.ms)) {
      await cut(subject, `stop of ${name}`, at, (abrupt, signal) => abrupt.stop(name, signal));
    }
    await well(`stop of ${name} after killed ones`, RULES.repeated, driver.stop(name, subject.soon()));
    const stopped = (await find(subject, name))?.state;
    demand(
      stopped === "stopped",
      `After a stop of ${name}, get reports ${stopped ?? "no such machine"}.`,
      RULES.repeated,
    );
    for (const at of moments(start.ms)) {
      await cut(subject, `start of ${name}`, at, (abrupt, signal) => abrupt.start(name, signal));
    }
    await well(`start of ${name} after killed ones`, RULES.repeated, driver.start(name, subject.soon()));
    for (const at of moments(look.ms)) {
      await cut(subject, "list", at, (abrupt, signal) => abrupt.list(signal));
      await cut(subject, `get of ${name}`, at, (abrupt, signal) => abrupt.get(name, signal));
      await cut(subject, "capacity", at, (abrupt, signal) => abrupt.capacity(signal));
    }
    const isThere = await shows(subject, name, "After get, list and capacity were killed,");
    demand(isThere, `${name} is gone after get, list and capacity were killed.`, RULES.repeated);
    await run(subject, made, "true");
  },
};

async function cut(
  subject: Subject,
  doing: string,
  atMs: number,
  call: (abrupt: Driver, signal: AbortSignal) => Promise<unknown>,
): Promise<void> {
  const cutting = cutOff((signal) => call(subject.abrupt, signal), atMs, subject.soon());
  await well(doing, RULES.repeated, cutting);
}

/** Whether the driver shows it. @throws Violation where `get` and `list` do not say the same */
async function shows(subject: Subject, name: string, when: string): Promise<boolean> {
  const isFound = (await find(subject, name)) !== null;
  const isListed = (await listed(subject)).includes(name);
  const [got, seen] = [isFound ? "shows it" : "does not find it", isListed ? "does" : "does not"];
  demand(isFound === isListed, `${when} get ${got}, but list ${seen}.`, RULES.interrupted);
  return isFound;
}
