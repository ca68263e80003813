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
  title: "a new machine accepts its key and presents its host key",
  proves: "The host key is pinned before the machine exists, so no other machine can impersonate it.",
  async run(subject) {
    const made = await create(subject);
    const { code } = await exec(subject, made, "exit 3");
    demand(
      code === 3,
      `A command on ${made.name} that exits with 3 was reported to exit with ${code}.`,
      RULES.opens,
    );
    const target = { ...made.machine.ssh, hostKey: made.pinned };
    const { privateKey } = makeKeyPair("stranger");
    const bounds = { timeoutSeconds: STRANGER_SECONDS, signal: subject.soon() };
    const answer = await connect(target, privateKey, bounds).catch((error: unknown) => error);
    if (answer instanceof SshError && answer.kind === "auth_failed") return;
    if (answer instanceof Error)
      throw new Violation(
        `${made.name} did not refuse an unknown key properly: ${answer.message}.`,
        RULES.opens,
      );
    throw new Violation(`${made.name} accepts a root login with a key that it was not given.`, RULES.opens);
  },
};

export const createTwice: Case = {
  id: "create-twice",
  title: "a second create is refused and does not change the machine",
  proves: "A repeated create results in one machine.",
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
  title: "a machine that is far too large is refused with exit code 32",
  proves:
    "After no capacity, the edge does not retry until the node has changed; after any other failure it retries.",
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
      throw new Violation(`${doing} was refused with the wrong error: ${words}.`, RULES.noCapacity, {
        cause: error,
      });
    }
    await remove(subject, wanted);
    return "this driver accepts machines larger than the node: it does not reserve what it allocates";
  },
};

export const twoAtOnce: Case = {
  id: "two-at-once",
  title: "two concurrent creates give two machines; deleting one leaves the other",
  proves: "A relay creates and deletes two machines at a time.",
  async run(subject) {
    const [one, other] = await Promise.all([create(subject), create(subject)]);
    const names = await listed(subject);
    for (const { name } of [one, other]) {
      demand(
        names.includes(name),
        `Two concurrent creates succeeded, but list does not show ${name}.`,
        RULES.created,
      );
    }
    await remove(subject, one);
    await remove(subject, one, `A second delete of ${one.name}`);
    demand(
      (await listed(subject)).includes(other.name),
      `delete of ${one.name} also deleted ${other.name}.`,
      RULES.deleted,
    );
    await run(subject, other, "true");
  },
};
