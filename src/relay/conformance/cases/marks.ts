import type { DriverMachine, Mark } from "../../driver.ts";
import type { Case } from "../case.ts";
import { create, find } from "../look.ts";
import { RULES } from "../rules.ts";
import type { Subject } from "../subject.ts";
import { demand, well } from "../violation.ts";

/** How a machine is told from the copies that people make of it. */

export const marked: Case = {
  id: "mark",
  title: "a machine's mark is returned as it was given",
  proves: "A relay deletes only machines that were created here and whose mark has their own name.",
  async run(subject) {
    await shows(subject, (name) => name);
  },
};

export const copied: Case = {
  id: "copy",
  title: "a machine with another's mark is shown as a copy",
  proves: "A machine that an operator renames, copies or imports is theirs and is not deleted as an orphan.",
  async run(subject) {
    // A copy as the hypervisor has it: a machine of one name with the mark of another.
    await shows(subject, (name) => `${name}-original`);
  },
};

async function shows(subject: Subject, machineOf: (name: string) => string): Promise<void> {
  const wanted = await subject.wanted();
  const { name } = wanted.request;
  const mark: Mark = { ...subject.owner, machine: machineOf(name) };
  await create(subject, { ...wanted, request: { ...wanted.request, mark } });
  assertMark("get", name, mark, await find(subject, name));
  const { machines } = await well("list", RULES.complete, subject.driver.list(subject.soon()));
  assertMark("list", name, mark, machines.find((one) => one.name === name) ?? null);
}

function assertMark(call: string, name: string, told: Mark, shown: DriverMachine | null): void {
  demand(shown !== null, `create of ${name} succeeded, but ${call} does not show it.`, RULES.shown);
  const said = shown.mark;
  demand(said !== undefined, `${call} shows ${name} without its mark.`, RULES.marked);
  const isSame =
    said.installation === told.installation && said.node === told.node && said.machine === told.machine;
  demand(
    isSame,
    `${call} shows ${name} with the mark of ${said.machine} on ${said.node}; create was given that of ${told.machine} on ${told.node}.`,
    RULES.marked,
  );
  demand(shown.copied !== true, `${call} reports ${name}, which was just created, as a copy.`, RULES.marked);
}
