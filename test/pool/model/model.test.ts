import * as fc from "fast-check";
import { expect, test } from "vitest";
import { testDb } from "../../helpers/db.ts";
import { furnish, settle } from "./installation.ts";
import { newModel } from "./model.ts";
import { STEPS } from "./steps.ts";

/**
 * Lives of a pool, made up step by step, against a real database: after every step it agrees with the model and what must always
 * hold does, and at the end it becomes whole again. A failure prints its seed and path, and the least life that still fails.
 * WARMPOOL_MODEL_RUNS and WARMPOOL_MODEL_SEED make it longer and have it again.
 */
const runs = Number(process.env["WARMPOOL_MODEL_RUNS"] ?? 0);
const seed = process.env["WARMPOOL_MODEL_SEED"];
/** Without a number of runs, as many as so long a time allows. */
const SECONDS = 25;

test(
  "whatever happens in whatever order, the pool agrees with the model and becomes whole again",
  { timeout: runs > 0 ? 24 * 3_600_000 : 240_000 },
  async () => {
    await using t = await testDb({ max: 4 });
    const life = fc.asyncProperty(fc.commands(STEPS, { maxCommands: 40, size: "max" }), async (steps) => {
      const system = await furnish(t.connection);
      await fc.asyncModelRun(() => ({ model: newModel(), real: system }), steps);
      expect(await settle(system)).toEqual([]);
    });
    await fc.assert(life, {
      ...(seed === undefined ? {} : { seed: Number(seed) }),
      ...(runs > 0
        ? { numRuns: runs }
        : { numRuns: 1000, interruptAfterTimeLimit: SECONDS * 1000, markInterruptAsFailure: false }),
    });
  },
);
