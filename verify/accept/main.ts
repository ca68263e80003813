import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { leftSince, snapshot } from "../../scripts/leftovers.ts";
import { endAllOf } from "../../scripts/leash/belonging.ts";
import { deleteIncusMachinesOf } from "../../scripts/leash/incusMachines.ts";
import { deleteIncusProjects, incusProjectsIn } from "../../scripts/leash/incusProjects.ts";
import { endWhenStopped, holdLeash } from "../../scripts/leash/leash.ts";
import { type Driver, type Options, readOptions, type Runtime, USAGE } from "../harness/options.ts";
import type { Part } from "../harness/part.ts";
import { burst } from "./parts/burst.ts";
import { crash } from "./parts/crash.ts";
import { faults } from "./parts/faults.ts";
import { outside } from "./parts/outside.ts";
import { path } from "./parts/path.ts";
import { power } from "./parts/power.ts";
import { readme } from "./parts/readme.ts";
import { restore } from "./parts/restore.ts";
import { secrets } from "./parts/secrets.ts";
import { Report } from "../harness/report.ts";

/**
 * The acceptance run: drives a whole Warmpool from outside, by nothing but its public interface (verify/harness/interface.ts),
 * and shows what each part names. Every part starts from nothing and has to leave nothing. Imports nothing from src.
 */
const PARTS: readonly Part[] = [path, readme, secrets, faults, crash, power, burst, restore, outside];

async function main(): Promise<number> {
  const options = optionsOrExit();
  const report = new Report();
  await mkdir(options.stateDir, { recursive: true });
  const leash = await holdLeash("accept", options.stateDir);
  const { folder } = leash;
  endWhenStopped(leash, true, (why) =>
    console.error(`\nStopped by ${why}; ending what was started. The logs are in ${folder}`),
  );
  // A reader that is gone (`| head`) is no reason to leave machines behind.
  process.stdout.on("error", () => undefined);
  // npm keeps compiled code in the temporary folder, which is none of ours.
  process.env["NODE_DISABLE_COMPILE_CACHE"] = "1";
  for (const runtime of options.runtimes) {
    for (const part of PARTS) {
      if (options.only === null || options.only.includes(part.name))
        await runPart(part, runtime, options, folder, report);
    }
  }
  await leash.release(report.failed > 0).catch((error: unknown) => report.broke(error));
  if (report.failed > 0) report.note(`The logs of the parts are in ${folder}`);
  report.summary();
  return report.failed === 0 ? 0 : 1;
}

async function runPart(
  part: Part,
  runtime: Runtime,
  { driver, seed }: Options,
  parent: string,
  report: Report,
): Promise<void> {
  report.heading(`${part.title} (${part.name}, ${runtime})`);
  const before = await snapshot([parent]);
  const folder = join(parent, `${part.name}-${runtime}`);
  await mkdir(folder);
  try {
    await part.show({ report, runtime, driver, folder, seed });
    await report.check("the host and its Incus are as before", async () => {
      const left = await leftSince(before, [parent]);
      if (left.length > 0) throw new Error(left.join("\n"));
    });
  } catch (error) {
    report.broke(error);
  } finally {
    await end(folder, driver).catch((error: unknown) => report.broke(error));
  }
}

/** What a part that failed has left running. */
async function end(folder: string, driver: Driver): Promise<void> {
  await endAllOf(folder);
  if (driver !== "incus") return;
  await deleteIncusMachinesOf(folder);
  await deleteIncusProjects(await incusProjectsIn(folder));
}

function optionsOrExit(): Options {
  try {
    return readOptions(
      process.argv.slice(2),
      PARTS.map((part) => part.name),
      tmpdir(),
    );
  } catch (error) {
    console.error(`accept: ${error instanceof Error ? error.message : String(error)}\n${USAGE}`);
    process.exit(2);
  }
}

process.exit(await main());
