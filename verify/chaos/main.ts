import { randomInt } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { Report } from "../harness/report.ts";
import { makeKey } from "../harness/sshClient.ts";
import { endWhenStopped, holdLeash } from "../../scripts/leash/leash.ts";
import { nothingIsLeft, rowsAreWhatStands, untilWhole } from "./converge.ts";
import { DETOUR } from "./far/site.ts";
import { Inflictor } from "./inflict.ts";
import { Journal } from "./journal.ts";
import { Ledger } from "./observer/ledger.ts";
import { makeObserver } from "./observer/observer.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import { planFaults } from "./schedule.ts";
import { SIZES, startSystem } from "./system.ts";
import { gatherTesters } from "./testers.ts";

/**
 * `npm run chaos`: the whole system as processes under a seeded schedule of faults, testers that come and go, and an
 * observer that looks from the outside whether what must hold holds. In the end nothing harms it any more, and it has
 * to become whole again. Imports nothing from src.
 */
async function main(): Promise<number> {
  const options = optionsOrExit();
  const report = new Report();
  await mkdir(options.stateDir, { recursive: true });
  const leash = await holdLeash("chaos", options.stateDir);
  const { folder } = leash;
  const told = `ending what was started. The logs are in ${folder}`;
  endWhenStopped(leash, true, (why) => console.error(`\nStopped by ${why}; ${told}`));
  // npm keeps compiled code in the temporary folder, which is none of ours.
  process.env["NODE_DISABLE_COMPILE_CACHE"] = "1";
  const { seed, minutes, driver, runtime } = options;
  report.heading(
    `Faults for ${minutes} min on ${driver}, the edge in ${runtime}. To have them again: --seed ${seed}`,
  );
  try {
    await show(options, folder, report);
  } catch (error) {
    report.broke(error);
  }
  // What a run that failed has left running.
  if (report.failed > 0) await leash.pull(true);
  else await leash.release(false).catch((error: unknown) => report.broke(error));
  if (report.failed > 0)
    report.note(`The logs are in ${folder}. The same faults again: --seed ${seed} --minutes ${minutes}`);
  report.summary();
  return report.failed === 0 ? 0 : 1;
}

/** From here on each kind comes often enough to find somebody. */
const LONG_MINUTES = 10;

async function show(options: Options, folder: string, report: Report): Promise<void> {
  const { seed, minutes, kinds } = options;
  const system = await report.check("the system starts", () => startSystem(options, folder));
  const journal = new Journal((line) => console.log(line));
  const ledger = new Ledger((text) => journal.say(text));
  const testers = await gatherTesters({
    edges: () => system.edges(),
    seed,
    number: SIZES.testers,
    folder,
    ledger,
    journal,
  });
  const observer = makeObserver({
    databaseUrl: () => system.databaseUrl(),
    ledger,
    standing: () => system.kept.standing(),
    missing: () => system.kept.missing(),
    kept: () => system.kept.names,
    isSpoilt: (name) => journal.isSpoilt(name),
    isHarmed: ({ name, host, port }) =>
      journal.wasHarmed(name) || (host === DETOUR && system.far.links.machines.isHarmed(port)),
    keyOf: (username) => testers.all.find((tester) => tester.username === username)?.key,
    stranger: await makeKey(folder, "stranger"),
    isNeighbourWell: () => system.foreign.isWell(),
  });

  const watched = new AbortController();
  const lived = new AbortController();
  const watching = observer.run(watched.signal);
  const living = testers.run(lived.signal);
  // They are waited for at the end, and whatever has ended them early is told there.
  for (const early of [watching, living]) early.catch(() => undefined);
  const [first] = testers.all;
  if (first === undefined) throw new Error("there are no testers");
  const inflictor = new Inflictor(system, journal, ledger, first);
  const startedAt = performance.now();
  for (const fault of planFaults(seed, minutes, kinds)) {
    await delay(Math.max(0, fault.at * 1000 - (performance.now() - startedAt)));
    await inflictor.inflict(fault);
  }
  lived.abort();
  await living;
  await inflictor.endAll();
  await report.check("what was killed last is there again", () => system.settle());

  /** One that fails does not end the run: what comes after it is worth knowing all the same. */
  const each = <T>(name: string, look: () => T | Promise<T>): Promise<T | null> =>
    report.check(name, look).catch(() => null);
  await each("the pool is full again and everybody served", () => untilWhole(system, testers));
  watched.abort();
  await watching;
  await each("rows are what stands: no orphan, no phantom, nothing left", () => rowsAreWhatStands(system));
  await observer.lookNow();
  const made = await observer.machinesMade();
  for (const { invariant, looks, broken } of ledger.entries()) {
    await each(`${invariant} (${looks} looks)`, () => {
      if (broken.length > 0) throw new Error(broken.join("\n"));
    });
  }
  if (minutes >= LONG_MINUTES && kinds.length > 1)
    await each("every kind of fault has hit somebody", () => journal.everyKindHasHit());
  await each("SIGTERM ends it and tears every machine down", () => system.stop());
  await each("what people have put aside is still there", async () => {
    const missing = await system.kept.missing();
    await system.kept.remove();
    if (missing !== null && missing.length > 0) throw new Error(missing.join("\n"));
  });
  await each("nothing of it is left on the host", () => nothingIsLeft(system, folder));
  report.heading("What happened");
  for (const line of journal.counts()) report.note(line);
  const { assigned, active, released } = testers.counts;
  report.note(`machines that got ready: ${made}`);
  report.note(`${assigned} assignments made, ${active} became active, ${released} were given back`);
  report.note(`${ledger.looks} checks of ${ledger.entries().length} invariants`);
}

function optionsOrExit(): Options {
  try {
    return readOptions(process.argv.slice(2), tmpdir(), randomInt(2 ** 32));
  } catch (error) {
    console.error(`chaos: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(2);
  }
}

process.exit(await main());
