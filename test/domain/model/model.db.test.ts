import * as fc from "fast-check";
import { expect, test } from "vitest";
import { testDb } from "../../helpers/db.ts";
import { furnish, settle } from "./installation.ts";
import { newModel } from "./model.ts";
import { STEPS } from "./steps.ts";
import { isNight } from "../../helpers/nightly.ts";

/**
 * Lives of a pool, made up step by step, against a real database: after every step it agrees with the model and what must always
 * hold does, and at the end it becomes whole again. A failure prints its seed and path, and the least life that still fails.
 * The suite has the same lives every time; WARMPOOL_MODEL_SEED has others, and WARMPOOL_MODEL_RUNS more of them.
 */
const runs = Number(process.env["WARMPOOL_MODEL_RUNS"] ?? (isNight ? 10 : 5));
const seed = Number(process.env["WARMPOOL_MODEL_SEED"] ?? 20);
/** Whether to look for the least life that still fails. */
const shrinks = process.env["WARMPOOL_MODEL_SHRINK"] !== "no";

test(
  "whatever happens in whatever order, the pool agrees with the model and becomes whole again",
  { timeout: Math.max(240, runs * 10) * 1000 },
  async () => {
    await using t = await testDb({ max: 4 });
    const life = fc.asyncProperty(fc.commands(STEPS, { maxCommands: 40, size: "max" }), async (steps) => {
      const system = await furnish(t.connection);
      await fc.asyncModelRun(() => ({ model: newModel(), real: system }), steps);
      expect(await settle(system)).toEqual([]);
    });
    await fc.assert(life, { seed, numRuns: runs, endOnFailure: !shrinks });
  },
);
