import { z } from "zod";
import { machine, machines } from "../../harness/interface.ts";
import { POOL } from "../../harness/part.ts";
import { type Key, ssh } from "../../harness/sshClient.ts";
import { reassigned } from "./copies.ts";
import { must, type Scene } from "./operator.ts";

/** B1: a tester's machine is stopped, then deleted, with the Incus client. A8: a ready machine turns read-only. */
const DOWN = `warmpool_tester_machines_down{pool="${POOL}"}`;

/** `what` is how status and the event say it, `code` how the tester's view does. */
type Down = { what: string; code: string };
const STOPPED: Down = { what: "is stopped on its node", code: "machine_stopped" };
const ABSENT: Down = { what: "no longer exists on its node", code: "machine_gone" };

/** Dave's machine is stopped and started again, then deleted and replaced. */
export async function testersMachine(scene: Scene, key: Key): Promise<void> {
  const { report, operator } = scene;
  const { name } = await operator.machineOf("dave");
  await operator.incus("stop", "--force", name);
  await report.check("B1 dave's machine is stopped: everybody says so within a sweep", () =>
    told(scene, name, STOPPED),
  );
  await report.check(
    "B1 machine restart brings it back, with its data, and nobody says it any more",
    async () => {
      const said = await operator.warmpool(`machine restart ${name}`);
      await operator.reads(`machine timeline ${name}`, [/restarted/], { seconds: 120 });
      await operator.sweep();
      must(await operator.opens("dave", key), "dave's key does not open it");
      await operator.readsNothingOf("status", [new RegExp(name)]);
      await operator.readsNothingOf("tester dave", [/machine_stopped/]);
      return `${said.split(".")[0]}; ${await operator.metric(DOWN)}`;
    },
  );
  await operator.incus("delete", "--force", name);
  await report.check("B1 it is deleted: everybody says so within a sweep", () => told(scene, name, ABSENT));
  await report.check("B1 machine recreate --reassign is the way out", () =>
    reassigned(scene, "dave", name, key),
  );
}

/** The condition, the event, the tester's view, doctor and the metric, all after one sweep. */
async function told({ operator }: Scene, name: string, { what, code }: Down): Promise<string> {
  await operator.sweep();
  const seen = [
    await operator.reads("status", [new RegExp(`${name} of dave ${what}`), /TesterMachineDown/]),
    await operator.reads(`events --machine ${name}`, [/tester machine down/]),
    await operator.reads("tester dave", [new RegExp(`error [^()]+\\(${code}\\)`)]),
    await operator.reads("doctor", [new RegExp(`WRONG pool ${POOL} ${name} of dave ${what}`)], { code: 1 }),
    await operator.metric(DOWN),
  ];
  must(seen.at(-1) === `${DOWN} 1`, `the metric is ${seen.at(-1)}`);
  return seen.join("; ");
}

const READ_ONLY = "mount --bind /var/lib /var/lib && mount -o remount,bind,ro /var/lib";
const ready = machines.extend({ items: z.array(machine.extend({ readyAt: z.iso.datetime() })) });

/** Erin is to be given the machine that is first in turn, and that nothing can be written to. */
export async function readOnlyMachine(scene: Scene, key: Key): Promise<void> {
  const { report, stack, operator } = scene;
  // Its probe has just been: until the next one nobody knows.
  await operator.sweep();
  const { items } = await stack.admin.query("machine.list", { pool: POOL, state: "ready" }, ready);
  const [first] = items.toSorted((one, other) => one.readyAt.localeCompare(other.readyAt));
  if (first === undefined) throw new Error("no machine is ready");
  await operator.inside(first.name, READ_ONLY);
  await report.check("A8 the first ready machine is read-only: erin is set up on another one", async () => {
    await operator.warmpool(`assign erin --key ${key.publicFile} --wait`);
    const { name, ...door } = await operator.machineOf("erin");
    must(name !== first.name, `erin has ${name}, which is read-only`);
    const login = await ssh(door, "erin", key, "touch here && id -un");
    must(login.stdout.trim() === "erin", `ssh ended with ${login.code}: ${login.stderr}`);
    const seen = await operator.reads("tester erin", [/erin has \S+, set up/, /swaps 1: [^.]+?replaced/]);
    return `not ${first.name}; ${seen}`;
  });
  await report.check("A8 the sick one is suspect, and one sweep later it goes", async () => {
    await operator.sweep();
    const gone = [
      /suspect [\w ]+ swapped/,
      /Read-only file system/,
      /deleting [\w ]+ strikes/,
      /deleted proven gone/,
    ];
    return operator.reads(`machine timeline ${first.name}`, gone, { seconds: 120 });
  });
}
