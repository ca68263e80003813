import { inventory, type Inventory } from "../../../contract/node.ts";
import type { Case } from "../case.ts";
import { wrongAnswer } from "../../wrongAnswer.ts";
import { create, find, listed } from "../look.ts";
import { RULES } from "../rules.ts";
import type { Subject } from "../subject.ts";
import { demand, refused, Violation, well } from "../violation.ts";

/** Asking: what a driver says of itself, of its node, and of machines. */
export const version: Case = {
  id: "version",
  title: "the program starts and prints its version",
  proves: "The relay can report which driver created a machine.",
  async run({ driver }) {
    const said = await well("version", RULES.version, driver.version());
    demand(said.trim() !== "", "version printed an empty version.", RULES.version);
    return said;
  },
};

export const absent: Case = {
  id: "absent",
  title: "a machine that never existed is not found, and stopping or deleting it is not an error",
  proves: "A relay may repeat calls that an earlier relay already made.",
  async run(subject) {
    const { request } = await subject.wanted();
    const { name } = request;
    const { driver } = subject;
    demand((await find(subject, name)) === null, `get shows ${name}, which was never created.`, RULES.absent);
    const names = await listed(subject);
    demand(
      names.length === 0,
      `list shows ${names.join(", ")} to an installation that created none.`,
      RULES.foreign,
    );
    await well(`stop of ${name}, which never existed,`, RULES.stopped, driver.stop(name, subject.soon()));
    await well(
      `delete of ${name}, which never existed,`,
      RULES.deleteAgain,
      driver.delete(name, subject.soon()),
    );
    const start = driver.start(name, subject.soon());
    await refused(`start of ${name}, which never existed,`, "failed", RULES.startAbsent, start);
  },
};

export const shown: Case = {
  id: "shown",
  title: "get and list show a machine, also to a later relay",
  proves: "A restarted relay finds the machines that it created.",
  async run(subject) {
    const { name, machine } = await create(subject);
    for (const driver of [subject.driver, await subject.again()]) {
      const found = await find(subject, name, driver);
      demand(found !== null, `create of ${name} succeeded, but get does not find it.`, RULES.shown);
      demand(
        found.state === "running",
        `get reports that ${name} is ${found.state} after the create.`,
        RULES.shown,
      );
      const [told, now] = [addresses(machine), addresses(found)];
      demand(told === now, `create of ${name} printed ${told}, but get prints ${now}.`, RULES.shown);
      const names = await listed(subject, driver);
      demand(names.includes(name), `create of ${name} succeeded, but list does not show it.`, RULES.complete);
      const others = names.filter((other) => other !== name);
      demand(
        others.length === 0,
        `list shows ${others.join(", ")}, which belongs to another installation.`,
        RULES.foreign,
      );
    }
  },
};

export const capacity: Case = {
  id: "capacity",
  title: "capacity is an inventory whose totals stay the same",
  proves:
    "The edge places machines by totals and by the machines on the node, not by what the driver reports as free.",
  async run(subject) {
    const before = await inventoryOf(subject);
    const { name } = await create(subject);
    const after = await inventoryOf(subject);
    const standing = after.machines?.filter((machine) => machine.name === name && machine.ours) ?? [];
    demand(
      after.machines === undefined || standing.length === 1,
      `capacity lists the machines of the node, but marks ${name} as this installation's ${standing.length} times.`,
      RULES.capacity,
    );
    const [was, is] = [totals(before), totals(after)];
    demand(was === is, `capacity had ${was}, but with one more machine it has ${is}.`, RULES.capacity);
  },
};

export const evidence: Case = {
  id: "evidence",
  title: "evidence contains no private key",
  proves: "Evidence of a machine that never became ready is stored and shown to people.",
  async run(subject) {
    const { name, request } = await create(subject);
    const texts = await well(`get of ${name}`, RULES.evidence, subject.driver.evidence(name, subject.soon()));
    const secrets = request.hostKey.privateKey.split("\n").filter((line) => line.length > 20);
    const leak = Object.entries(texts).find(([, text]) => secrets.some((line) => text.includes(line)));
    demand(
      leak === undefined,
      `The evidence ${leak?.[0]} of ${name} contains its private host key.`,
      RULES.evidence,
    );
    if (Object.keys(texts).length === 0) return "this driver returns no evidence";
  },
};

async function inventoryOf(subject: Subject): Promise<Inventory> {
  const said = await well("capacity", RULES.capacity, subject.driver.capacity(subject.soon()));
  const parsed = inventory.safeParse(said);
  if (!parsed.success)
    throw new Violation(
      `capacity did not print an inventory: ${wrongAnswer(parsed.error, "the answer")}.`,
      RULES.capacity,
    );
  const { cpus, memoryMib, disks } = parsed.data;
  demand(cpus > 0 && memoryMib.total > 0, "capacity reports no CPU or no memory.", RULES.capacity);
  demand(disks.length > 0, "capacity reports no disk.", RULES.capacity);
  const { total, available, reserve } = memoryMib;
  demand(
    available <= total,
    `capacity reports ${available} of ${total} MiB of memory as available.`,
    RULES.capacity,
  );
  demand(reserve < total, `capacity reserves ${reserve} of ${total} MiB of memory.`, RULES.capacity);
  return parsed.data;
}

function totals({ cpus, memoryMib, disks }: Inventory): string {
  const parts = disks.map(({ name, totalGib }) => `${Math.round(totalGib)} GiB on ${name}`);
  return [`${cpus} CPUs`, `${memoryMib.total} MiB`, ...parts.toSorted()].join(", ");
}

function addresses({ ssh, access }: { ssh: Address; access: Address }): string {
  const [dialled, opened] = [ssh, access].map(({ host, port }) => `${host}:${port}`);
  return dialled === opened ? `the address ${dialled}` : `the addresses ${dialled} and ${opened}`;
}
type Address = { host: string; port: number };
