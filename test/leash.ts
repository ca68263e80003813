import type { TestProject } from "vitest/node";
import { fastFolder } from "../scripts/leash/fastFolder.ts";
import { holdLeash, type Leash } from "../scripts/leash/leash.ts";

/**
 * Runs once per run, however many test projects ask for it, and before any other set-up: everything that the tests
 * start ends with the run, even if the run is killed. If a test has failed, the run's folder is kept.
 */

/** Each project loads this file anew, so what they share is kept by the process and not by the module. */
type Shared = { leash: Promise<Leash> | null; users: number };
const shared = ((process as { warmpoolLeash?: Shared }).warmpoolLeash ??= { leash: null, users: 0 });

export default async function setup({ vitest }: TestProject): Promise<() => Promise<void>> {
  shared.users += 1;
  const leash = await (shared.leash ??= holdLeash("test", fastFolder()));
  return async () => {
    shared.users -= 1;
    if (shared.users > 0) return;
    shared.leash = null;
    await leash.release(vitest.state.getCountOfFailedTests() > 0);
  };
}
