import { join } from "node:path";
import { until } from "../../../test/helpers/until.ts";
import type { Key } from "../../harness/sshClient.ts";
import { must, type Scene } from "./operator.ts";

/** A1: somebody renames, copies and imports a tester's machine with the Incus client. */
const COPIES = ["dave-saved", "debug-copy", "from-backup"] as const;
/** Complete listings less far apart than a sweep count as one. */
const SWEEP_MS = 60_000;

/**
 * Shows what becomes of the copies and of the tester.
 * @returns shows, after more has happened, that two sweeps have changed nothing about the copies, and removes them
 */
export async function copies(scene: Scene, key: Key): Promise<() => Promise<void>> {
  const { report, operator, folder } = scene;
  const machine = await report.check("dave has a machine, set up", async () => {
    await operator.warmpool(`assign dave --key ${key.publicFile} --wait`);
    return (await operator.machineOf("dave")).name;
  });
  // What Warmpool took for its own would be gone two sweeps later, and not after a day.
  await operator.warmpool("settings put --orphan-keep 0s");
  await operator.incus("stop", machine);
  await operator.incus("export", machine, join(folder, "backup.tar"), "--compression", "none");
  await operator.incus("copy", machine, "debug-copy");
  await operator.incus("rename", machine, "dave-saved");
  await operator.incus("import", join(folder, "backup.tar"), "from-backup");
  report.note(`incus: ${machine} stopped, exported, copied, renamed to dave-saved, and its backup imported`);
  const made = await standing(scene);
  await operator.sweep();
  const firstSeenAt = Date.now();

  await report.check("A1 a sweep later status says of each copy what it is, and that it is left alone", () =>
    operator.reads("status", [
      ...COPIES.map((name) => new RegExp(`${name} is a copy of ${machine}, which was dave's`)),
      /created by a person; Warmpool leaves it alone, so only a person can remove it/,
    ]),
  );
  await report.check(
    "A1 status and the tester's row say that the machine is not there any more",
    async () => {
      const pool = await operator.reads("status", [
        new RegExp(`${machine} of dave no longer exists on its node \\(for [^)]+\\)`),
        new RegExp(`machine recreate ${machine} --reassign`),
      ]);
      return `${pool}; ${await operator.reads("tester dave", [/The machine does not exist any more[^]*\(machine_gone\)/])}`;
    },
  );
  await report.check("A1 machine recreate --reassign gives dave another machine, set up", () =>
    reassigned(scene, "dave", machine, key),
  );
  return async () => {
    await until("a minute since the copies were seen first", () => Date.now() - firstSeenAt > SWEEP_MS, {
      seconds: 120,
    });
    await operator.sweep();
    await report.check("A1 two sweeps later nothing about any of them is changed", async () => {
      await operator.reads("status", [/dave-saved is a copy/]);
      must((await standing(scene)) === made, "Incus shows them otherwise than when they were made");
      return `${COPIES.join(", ")}: as they were made, state, marks and devices`;
    });
    await operator.incus("delete", ...COPIES);
    await operator.sweep();
    await report.check("A1 once the person has removed them, status says no more of them", () =>
      operator.readsNothingOf(
        "status",
        COPIES.map((name) => new RegExp(name)),
      ),
    );
  };
}

/** The tester of a machine that is gone gets another, and the row of the old one ends. */
export async function reassigned(scene: Scene, tester: string, gone: string, key: Key): Promise<string> {
  const { operator } = scene;
  const said = await operator.warmpool(`machine recreate ${gone} --reassign --yes`);
  const seen = await operator.reads(
    `tester ${tester}`,
    [new RegExp(`${tester} has (?!${gone})\\S+, set up`)],
    { seconds: 120 },
  );
  must(await operator.opens(tester, key), `${tester}'s key does not open the new machine`);
  await operator.reads(`machine get ${gone}`, [/state deleted/], { seconds: 60 });
  return `${said.split(".")[0]}; ${seen}`;
}

/** All that Incus says of the copies. */
async function standing({ operator }: Scene): Promise<string> {
  return (await Promise.all(COPIES.map((name) => operator.instance(name)))).join("\n");
}
