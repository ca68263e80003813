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
  title: "it can be started and says its version",
  proves: "The relay tells the edge which driver made a machine.",
  async run({ driver }) {
    const said = await well("version", RULES.version, driver.version());
    demand(said.trim() !== "", "version printed an empty one.", RULES.version);
    return said;
  },
};

export const absent: Case = {
  id: "absent",
  title: "what was never there is not found, and no trouble to end",
  proves: "A relay may ask for things that an earlier one has done already.",
  async run(subject) {
    const { request } = await subject.wanted();
    const { name } = request;
    const { driver } = subject;
    demand((await find(subject, name)) === null, `get shows ${name}, which nobody made.`, RULES.absent);
    const names = await listed(subject);
    demand(
      names.length === 0,
      `list shows ${names.join(", ")} to an installation that made none.`,
      RULES.foreign,
    );
    await well(`stop of ${name}, which was never there,`, RULES.stopped, driver.stop(name, subject.soon()));
    await well(
      `delete of ${name}, which was never there,`,
      RULES.deleteAgain,
      driver.delete(name, subject.soon()),
    );
    const start = driver.start(name, subject.soon());
    await refused(`start of ${name}, which was never there,`, "failed", RULES.startAbsent, start);
  },
};

export const shown: Case = {
  id: "shown",
  title: "get and list show a machine, also to a later relay",
  proves: "A relay that was killed finds what it has made.",
  async run(subject) {
    const { name, machine } = await create(subject);
    for (const driver of [subject.driver, await subject.again()]) {
      const found = await find(subject, name, driver);
      demand(found !== null, `create of ${name} ended well, but get does not find it.`, RULES.shown);
      demand(
        found.state === "running",
        `get says that ${name} is ${found.state} after its create.`,
        RULES.shown,
      );
      const [told, now] = [addresses(machine), addresses(found)];
      demand(told === now, `create of ${name} printed ${told}, but get prints ${now}.`, RULES.shown);
      const names = await listed(subject, driver);
      demand(
        names.includes(name),
        `create of ${name} ended well, but list does not show it.`,
        RULES.complete,
      );
      const others = names.filter((other) => other !== name);
      demand(
        others.length === 0,
        `list shows ${others.join(", ")}, which is not this installation's.`,
        RULES.foreign,
      );
    }
  },
};

export const capacity: Case = {
  id: "capacity",
  title: "capacity is an inventory, the same before and after",
  proves: "The edge places machines by totals and by what stands there, not by what a driver has left over.",
  async run(subject) {
    const before = await inventoryOf(subject);
    const { name } = await create(subject);
    const after = await inventoryOf(subject);
    const standing = after.machines?.filter((machine) => machine.name === name && machine.ours) ?? [];
    demand(
      after.machines === undefined || standing.length === 1,
      `capacity lists the machines of the node, but shows ${name} ${standing.length} times as ours.`,
      RULES.capacity,
    );
    const [was, is] = [totals(before), totals(after)];
    demand(was === is, `capacity had ${was}, and with one machine more it has ${is}.`, RULES.capacity);
  },
};

export const evidence: Case = {
  id: "evidence",
  title: "evidence holds no private key",
  proves: "Evidence of a machine that never got ready is stored and shown to people.",
  async run(subject) {
    const { name, request } = await create(subject);
    const texts = await well(`get of ${name}`, RULES.evidence, subject.driver.evidence(name, subject.soon()));
    const secrets = request.hostKey.privateKey.split("\n").filter((line) => line.length > 20);
    const leak = Object.entries(texts).find(([, text]) => secrets.some((line) => text.includes(line)));
    demand(
      leak === undefined,
      `The evidence ${leak?.[0]} of ${name} holds its private host key.`,
      RULES.evidence,
    );
    if (Object.keys(texts).length === 0) return "this driver gives no evidence";
  },
};

async function inventoryOf(subject: Subject): Promise<Inventory> {
  const said = await well("capacity", RULES.capacity, subject.driver.capacity(subject.soon()));
  const parsed = inventory.safeParse(said);
  if (!parsed.success)
    throw new Violation(
      `capacity printed what is no inventory: ${wrongAnswer(parsed.error, "the answer")}.`,
      RULES.capacity,
    );
  const { cpus, memoryMib, disks } = parsed.data;
  demand(
    cpus > 0 && memoryMib.total > 0,
    "capacity says that the node has no CPU or no memory.",
    RULES.capacity,
  );
  demand(disks.length > 0, "capacity says that the node has no disk.", RULES.capacity);
  const { total, available, reserve } = memoryMib;
  demand(
    available <= total,
    `capacity has ${available} of ${total} MiB of memory available.`,
    RULES.capacity,
  );
  demand(reserve < total, `capacity keeps ${reserve} of ${total} MiB of memory back.`, RULES.capacity);
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
