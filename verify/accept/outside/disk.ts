import { until } from "../../../test/helpers/until.ts";
import { type Key, makeKey, ssh } from "../../harness/sshClient.ts";
import { must, type Scene } from "./operator.ts";

/** A5: a tester who has filled the disk of their machine, and what an operator can do all the same. */

/** Large files, then small ones, then empty ones, until not even those fit. Prints the last refusal. */
const FILL = `cd; for k in 1 2; do
  dd if=/dev/zero of=large$k bs=1M count=3000
  for i in 1 2 3; do dd if=/dev/zero of=small$k$i bs=4k count=90000; done
done 2>/dev/null
n=0; while [ $n -lt 20000 ] && echo x >tiny$n; do n=$((n + 1)); done 2>refusals || true
(echo x >last) 2>&1 || true`;
const RESERVE = "/var/lib/warmpool/reserve";

/** Erin has the machine, and `first` opens it. */
export async function fullDisk(scene: Scene, first: Key): Promise<void> {
  const { report, operator, folder } = scene;
  const [second, third] = [await makeKey(folder, "second"), await makeKey(folder, "third")];
  const { name } = await operator.machineOf("erin");
  const opens = (key: Key) => operator.opens("erin", key);

  await report.check(
    "A5 erin fills the disk of her machine: her keys can be replaced all the same",
    async () => {
      const refusal = (await operator.inside(name, FILL, "erin")).split(": ").at(-1);
      await operator.warmpool(`assign erin --key ${second.publicFile} --wait`);
      must(await opens(second), "the new key does not open the machine");
      must(!(await opens(first)), "the key before still opens it");
      return `${refusal}; the new key opens ${name}, the one before does not`;
    },
  );
  await report.check(
    "A5 as root she takes the reserve too: assign --wait fails, and says what is true",
    async () => {
      await operator.inside(name, `rm -f ${RESERVE}; sync; ${FILL}`);
      const said = await operator.warmpool(`assign erin --key ${third.publicFile} --wait`, 1);
      const [old, given] = [await opens(second), await opens(third)];
      must(!given, `the new key opens it, and assign says: ${said}`);
      const wanted = old ? /The previous keys may still work/ : /No key opens it now/;
      must(
        wanted.test(said),
        `the key before ${old ? "opens it" : "does not open it"}, and assign says: ${said}`,
      );
      const pool = await operator.reads("status", [/the keys of erin could not be replaced: [^;]+/]);
      return `${/erin has a machine, but not with these keys\.[^:;]+/.exec(said)?.[0]}; ${pool}`;
    },
  );
  await report.check("A5 machine restart brings the full machine back, and the new key with it", async () => {
    await operator.incus("stop", "--force", name);
    await operator.sweep();
    await operator.warmpool(`machine restart ${name}`);
    await until("the new key to open it", () => opens(third), { seconds: 120, everyMs: 1000 });
    must(!(await opens(second)), "the key before opens it");
    await operator.sweep();
    await operator.readsNothingOf("status", [/the keys of erin/, new RegExp(name)]);
    const grown = await operator.incus("config", "device", "get", name, "root", "size");
    return `its disk is ${grown} now; status says nothing of it any more`;
  });
  await report.check("A5 machine cut ends all access, uncut gives it back", async () => {
    await operator.warmpool(`machine cut ${name} --note test`);
    const seen = await operator.reads(
      `machine get ${name}`,
      [/access cut [\w ]+ ago by \S+, stopped [\w ]+ ago/],
      {
        seconds: 90,
      },
    );
    const door = await operator.machineOf("erin");
    const ran = await ssh(door, "erin", third, "true");
    must(ran.code === 255, "the key opens a machine that is cut");
    await operator.warmpool(`machine uncut ${name}`);
    await until("the key to open it again", () => opens(third), { seconds: 120, everyMs: 1000 });
    return `${seen}; after uncut the key opens it`;
  });
}
