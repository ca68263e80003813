import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { Summary } from "./test/reporter.ts";

/**
 * Test projects by what they need, told by the file's name: `X.test.ts` needs nothing, `X.db.test.ts` the Postgres
 * server, `X.edge.test.ts` the Worker's bundle as well, `X.machines.test.ts` Postgres and real processes and machines.
 */
const NEEDS = {
  db: ["test/setup.ts", "test/statements/setup.ts"],
  edge: ["test/setup.ts", "test/bundle.ts"],
  machines: ["test/setup.ts", "test/programs.ts"],
};
/** Comes first: it ends what tests and set-ups start. */
const LEASH = "test/leash.ts";
/** More than there are processors: while one waits for a machine to boot, another computes. */
const workers = Math.max(2, Math.round(availableParallelism() * 2));

export default defineConfig({
  test: {
    // Tests share nothing but the Postgres server, and wait only by polling with a deadline of their own that stretches
    // with what the machine gives. These two are the last resort, for a test that hangs without one.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: workers,
    // Loading the code takes a second of CPU: the files of a worker share it.
    isolate: false,
    reporters: ["default", new Summary()],
    projects: [
      {
        extends: true,
        test: {
          name: "pure",
          include: ["test/**/*.test.ts"],
          exclude: Object.keys(NEEDS).map((need) => `test/**/*.${need}.test.ts`),
          globalSetup: [LEASH],
        },
      },
      ...Object.entries(NEEDS).map(([name, globalSetup]) => ({
        extends: true as const,
        test: {
          name,
          include: [`test/**/*.${name}.test.ts`],
          globalSetup: [LEASH, ...globalSetup],
          ...(name === "db" ? { setupFiles: ["test/followers.ts", "test/statements.ts"] } : {}),
        },
      })),
    ],
  },
});
