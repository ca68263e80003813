import { makeKeyPair } from "../../ssh/hostKey.ts";
import { DriverError } from "../../driver.ts";
import { connect } from "../../ssh/ssh.ts";
import { SshError } from "../../ssh/sshError.ts";
import type { Case } from "../case.ts";
import { assertGone, create, exec, listed, remove, run } from "../look.ts";
import { RULES } from "../rules.ts";
import { demand, refused, Violation, well } from "../violation.ts";

/** Making machines. */
const STRANGER_SECONDS = 10;

export const created: Case = {
  id: "create",
  title: "a new machine opens to its key and shows its host key",
  proves: "The host key is pinned before the machine exists: nobody can stand in for it.",
  async run(subject) {
    const made = await create(subject);
    const { code } = await exec(subject, made, "exit 3");
    demand(
      code === 3,
      `A command on ${made.name} that ends with 3 is said to have ended with ${code}.`,
      RULES.opens,
    );
    const target = { ...made.machine.ssh, hostKey: made.pinned };
    const { privateKey } = makeKeyPair("stranger");
    const bounds = { timeoutSeconds: STRANGER_SECONDS, signal: subject.soon() };
    const answer = await connect(target, privateKey, bounds).catch((error: unknown) => error);
    if (answer instanceof SshError && answer.kind === "auth_failed") return;
    if (answer instanceof Error)
      throw new Violation(`${made.name} refuses a stranger oddly: ${answer.message}.`, RULES.opens);
    throw new Violation(`${made.name} lets root in with a key that it was never given.`, RULES.opens);
  },
};

export const createTwice: Case = {
  id: "create-twice",
  title: "a second create is refused and does the first no harm",
  proves: "A create that is asked for twice makes one machine.",
  async run(subject) {
    const made = await create(subject);
    const mark = await run(subject, made, "echo first >~/mark && cat ~/mark");
    const { hostKey } = (await subject.wanted()).request;
    const second = subject.driver.create({ ...made.request, hostKey }, subject.soon());
    await refused(`A second create of ${made.name}`, "exists", RULES.exists, second);
    const now = await run(subject, made, "cat ~/mark");
    demand(now === mark, `A second create of ${made.name} changed its files.`, RULES.exists);
  },
};

export const noCapacity: Case = {
  id: "no-capacity",
  title: "a machine that is far too large is refused as such",
  proves:
    "The edge asks no more until the node has changed; after a plain failure it would ask again and again.",
  async run(subject) {
    const { memoryMib, disks } = await well(
      "capacity",
      RULES.capacity,
      subject.driver.capacity(subject.soon()),
    );
    const diskGib = Math.max(1, ...disks.map(({ totalGib }) => Math.ceil(totalGib)));
    const wanted = await subject.wanted();
    const shape = {
      ...wanted.request.shape,
      memoryMib: Math.min(16 * 2 ** 20, memoryMib.total * 16),
      diskGib: Math.min(2 ** 20, diskGib * 16),
    };
    const doing = `A create with 16 times the node's memory and disk`;
    try {
      await subject.driver.create({ ...wanted.request, shape }, subject.soon());
    } catch (error) {
      const code = error instanceof DriverError ? error.code : "failed";
      if (code === "no_capacity") return assertGone(subject, wanted, "A create that found no capacity");
      const words = error instanceof Error ? error.message : String(error);
      throw new Violation(`${doing} was refused in another way: ${words}.`, RULES.noCapacity, {
        cause: error,
      });
    }
    await remove(subject, wanted);
    return "this driver takes machines larger than the node: it does not book what it gives";
  },
};

export const twoAtOnce: Case = {
  id: "two-at-once",
  title: "two made at once are two; one deleted, the other stays",
  proves: "A relay makes and deletes two machines at a time.",
  async run(subject) {
    const [one, other] = await Promise.all([create(subject), create(subject)]);
    const names = await listed(subject);
    for (const { name } of [one, other]) {
      demand(
        names.includes(name),
        `Two creates at once ended well, but list does not show ${name}.`,
        RULES.created,
      );
    }
    await remove(subject, one);
    await remove(subject, one, `A second delete of ${one.name}`);
    demand(
      (await listed(subject)).includes(other.name),
      `delete of ${one.name} took ${other.name} too.`,
      RULES.deleted,
    );
    await run(subject, other, "true");
  },
};
