import { NODE, type Room } from "./room.ts";

/** The rooms outside src: what tests Warmpool, measures it, documents it, or shows how to use it. */
const TOOL = {
  why: "A tool of the checkout uses what it is for and nothing else.",
  instead: "Move shared code to a file of its own with a room in scripts/walls/outside.ts.",
};
export const APART = {
  why: "Whoever tests Warmpool from outside shares no code with it, or both would be wrong in the same way.",
  instead: "Use the HTTP API, the command line or the database, or write it again.",
};
/** Helpers that runs from outside use too: they know nothing of src. */
const SHARED = {
  why: "The acceptance run uses this file, and must not import src through it.",
  instead: "Write a helper beside it.",
};

export const OUTSIDE: Record<string, Room> = {
  accept: {
    may: [
      ...["scripts/leash", "scripts/leftovers.ts", "scripts/proc.ts"],
      ...["test/helpers/patience.ts", "test/helpers/random.ts", "test/helpers/until.ts"],
      ...["postgres", "zod", NODE],
    ],
    ...APART,
  },
  chaos: {
    may: [
      ...["accept", "scripts/leash", "scripts/proc.ts"],
      ...["test/helpers/patience.ts", "test/helpers/random.ts", "test/helpers/until.ts"],
      ...["postgres", "zod", NODE],
    ],
    ...APART,
  },
  bench: {
    may: [
      ...[
        "accept",
        "scripts/leash",
        "src/contract",
        "src/db/client.ts",
        "src/db/migrate.ts",
        "src/pool",
        "src/stack",
      ],
      ...["test", "test/helpers/until.ts", "drizzle-orm", NODE],
    ],
    ...TOOL,
  },
  examples: {
    may: [
      ...["src/contract", "src/relay", "src/relay/drivers", "src/relay/drivers/exec"],
      ...["src/relay/drivers/local", "zod", NODE],
    ],
    why: "An example driver shows what a driver needs, which is the relay's interface and tools.",
    instead: "Write it in the example, or add it to what src/relay offers to drivers.",
  },
  scripts: {
    may: [
      "examples",
      "scripts/change",
      "scripts/leash",
      "scripts/leftovers",
      "scripts/leftovers.ts",
      "scripts/proc.ts",
      "zod",
      NODE,
    ],
    ...TOOL,
  },
  "scripts/buildServer.ts": { may: ["src/relay/drivers/local", NODE], ...TOOL },
  "scripts/change": { may: [NODE], ...TOOL },
  "scripts/docs": { may: ["src/api", "src/cli", "src/contract", "src/pool", "zod", NODE], ...TOOL },
  "scripts/docs.ts": { may: ["scripts/docs", "src/contract", "src/pool", NODE], ...TOOL },
  "scripts/walls": { may: ["oxc-parser", "zod", NODE], ...TOOL },
  "scripts/walls.ts": { may: ["scripts/walls", NODE], ...TOOL },
  "scripts/leash": { may: ["scripts/leftovers", "scripts/proc.ts", "zod", NODE], ...SHARED },
  "scripts/leftovers": { may: ["scripts/proc.ts", NODE], ...SHARED },
  "scripts/leftovers.ts": { may: ["scripts/leftovers", NODE], ...SHARED },
  "scripts/proc.ts": { may: [NODE], ...SHARED },
  test: {
    may: [
      ...[
        "accept",
        "chaos",
        "examples",
        "scripts/change",
        "scripts/docs",
        "scripts/leash",
        "scripts/leftovers",
      ],
      ...["scripts/proc.ts", "scripts/walls"],
      ...["src/api", "src/cli", "src/client", "src/contract", "src/cron", "src/listen.ts", "src/pool"],
      ...["src/db/client.ts", "src/db/directLink.ts", "src/db/failure.ts", "src/db/migrate.ts"],
      ...["src/db/databaseUrl.ts", "src/db/named.ts", "src/db/sessions.ts"],
      ...["src/relay", "src/relay/conformance", "src/relay/drivers", "src/relay/setup"],
      ...["src/relay/drivers/exec", "src/relay/drivers/incus", "src/relay/drivers/local"],
      ...[
        "src/relay/drivers/local/sshServer",
        "src/stack",
        "test/helpers/patience.ts",
        "test/helpers/random.ts",
        "test/helpers/until.ts",
      ],
      ...["@hono/node-server", "@seriousme/openapi-schema-validator", "@trpc/server"],
      ...["@trpc/server/adapters/standalone", "ajv-formats", "ajv/dist/2020.js", "drizzle-orm"],
      ...[
        "drizzle-orm/pg-core",
        "esbuild",
        "fast-check",
        "miniflare",
        "oxc-parser",
        "picocolors",
        "postgres",
        "scslre",
        "ssh2",
        "standardwebhooks",
      ],
      ...["typescript/unstable/ast", "typescript/unstable/ast/is", "typescript/unstable/sync"],
      ...["vitest", "wrangler", "zod", NODE],
    ],
    types: ["vitest/node"],
    why: "Tests use what they test, and neither entries nor the database's tables.",
    instead: "Test an entry as a process, and reach the tables with SQL or through src/pool.",
  },
  "test/reporter.ts": { may: [], types: ["vitest/node"], ...TOOL },
  "test/helpers/random.ts": { may: [], ...SHARED },
  "test/helpers/patience.ts": { may: [NODE], ...SHARED },
  "test/helpers/until.ts": { may: ["test/helpers/patience.ts", NODE], ...SHARED },
  "drizzle.config.ts": { may: ["drizzle-kit"], ...TOOL },
  "vitest.config.ts": { may: ["test/reporter.ts", "vitest/config", NODE], ...TOOL },
  "vitest.incus.config.ts": { may: ["test/reporter.ts", "vitest/config"], ...TOOL },
};
