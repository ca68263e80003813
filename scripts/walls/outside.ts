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
const SHARED = {
  why: "The acceptance run uses this file, and must not import src through it.",
  instead: "Write a helper beside it.",
};

export const OUTSIDE: Record<string, Room> = {
  "verify/harness": { may: ["test/helpers/patience.ts", "test/helpers/until.ts", "zod", NODE], ...APART },
  "verify/accept": {
    may: [
      ...["verify/harness", "scripts/leash", "scripts/leftovers.ts", "scripts/proc.ts"],
      ...["test/helpers/random.ts", "test/helpers/patience.ts", "test/helpers/until.ts"],
      ...["postgres", "zod", NODE],
    ],
    ...APART,
  },
  "verify/chaos": {
    may: [
      ...["verify/harness", "scripts/leash", "scripts/proc.ts", "test/helpers/random.ts"],
      ...["test/helpers/patience.ts", "test/helpers/until.ts", "postgres", "zod", NODE],
    ],
    ...APART,
  },
  "verify/fuzz": {
    may: [
      ...["src/contract", "src/db/databaseUrl.ts", "src/db/client.ts", "src/db/migrate.ts"],
      ...["src/api", "src/cli/terminal", "src/cli/session", "src/cli/inputs", "src/stack"],
      ...["src/domain/recipes", "src/domain/access", "src/domain/webhook", "src/traces", "src/relay"],
      ...["src/relay/ssh", "src/relay/session", "src/relay/setup", "src/relay/drivers/exec"],
      ...["src/relay/drivers/incus", "src/relay/drivers/local", "scripts/leash", "test"],
      ...["test/helpers/patience.ts", "test/helpers/until.ts", "fast-check", "wrangler", "zod"],
      ...[NODE],
    ],
    ...TOOL,
  },
  "verify/mutate": { may: ["src/stack", "scripts/change", "scripts/leash", "zod", NODE], ...TOOL },
  "verify/bench": {
    may: [
      ...["src/contract", "src/db/client.ts", "src/db/migrate.ts", "src/stack"],
      ...[
        "src/domain/core",
        "src/domain/assignments",
        "src/domain/pools",
        "verify/harness",
        "scripts/leash",
        "test",
      ],
      ...["test/helpers/until.ts", "drizzle-orm", "playwright-core", "zod", NODE],
    ],
    ...TOOL,
  },
  examples: {
    may: [
      ...["src/contract", "src/relay", "src/relay/time", "src/relay/ssh", "src/relay/drivers/exec"],
      ...["src/relay/drivers/local", "zod", NODE],
    ],
    why: "An example driver shows what a driver needs, which is the relay's interface and tools.",
    instead: "Write it in the example, or add it to what src/relay offers to drivers.",
  },
  scripts: {
    may: [
      ...["examples", "scripts/change", "scripts/deploy", "scripts/leash", "scripts/leftovers"],
      ...["scripts/leftovers.ts", "scripts/proc.ts", "scripts/supply", "zod", NODE],
    ],
    ...TOOL,
  },
  "scripts/screenshots.ts": {
    may: ["verify/harness", "test/helpers/until.ts", "playwright-core", "zod", NODE],
    ...TOOL,
  },
  "scripts/buildServer.ts": { may: ["src/relay/drivers/local", NODE], ...TOOL },
  "scripts/deploy": { may: ["wrangler/package.json", "zod", NODE], ...TOOL },
  "scripts/change": { may: [NODE], ...TOOL },
  "scripts/docs": {
    may: [
      ...["src/contract", "src/api", "src/cli/terminal", "src/cli/session", "src/cli/program.ts"],
      ...["src/db/tables", "src/domain/core", "src/domain/metrics", "drizzle-orm", "zod", NODE],
    ],
    ...TOOL,
  },
  "scripts/docs.ts": { may: ["src/contract", "src/domain/core", "scripts/docs", NODE], ...TOOL },
  "scripts/supply": { may: ["scripts/walls", "zod", NODE], ...TOOL },
  "scripts/walls": { may: ["oxc-parser", "zod", NODE], ...TOOL },
  "scripts/walls.ts": { may: ["scripts/walls", NODE], ...TOOL },
  "scripts/words": { may: ["oxc-parser"], ...TOOL },
  "scripts/words.ts": { may: ["scripts/words", NODE], ...TOOL },
  "scripts/leash": { may: ["scripts/leftovers", "scripts/proc.ts", "zod", NODE], ...SHARED },
  "scripts/leftovers": { may: ["scripts/proc.ts", NODE], ...SHARED },
  "scripts/leftovers.ts": { may: ["scripts/leftovers", NODE], ...SHARED },
  "scripts/proc.ts": { may: [NODE], ...SHARED },
  test: {
    may: [
      ...["src/contract", "src/db/failure.ts", "src/db/databaseUrl.ts", "src/db/named.ts"],
      ...["src/db/sessions.ts", "src/db/client.ts", "src/db/directLink.ts", "src/db/migrate.ts"],
      ...["src/cron", "src/api", "src/host", "src/dashboardFolder.ts", "src/listen.ts", "src/client"],
      ...["src/traces", "src/dashboard", "src/cli/terminal"],
      ...["src/cli/views", "src/cli/session", "src/cli/inputs", "src/cli/ssh", "src/cli/doctor"],
      ...["src/cli/verbs", "src/cli/program.ts", "src/cli/main.ts", "src/stack", "src/domain/core"],
      ...["src/domain/recipes", "src/domain/events", "src/domain/access", "src/domain/secrets"],
      ...["src/domain/webhook", "src/domain/installation", "src/domain/orphans"],
      ...["src/domain/capacity", "src/domain/health", "src/domain/assignments"],
      ...["src/domain/supply", "src/domain/follow", "src/domain/imports", "src/domain/machines"],
      ...["src/domain/operations", "src/domain/nodes"],
      ...["src/domain/pools", "src/domain/metrics", "src/relay", "src/relay/time", "src/relay/ssh"],
      ...["src/relay/session", "src/relay/setup", "src/relay/operations", "src/relay/drivers/exec"],
      ...["src/relay/drivers/incus", "src/relay/drivers/local"],
      ...["src/relay/drivers/local/sshServer", "src/relay/drivers", "src/relay/conformance"],
      ...["bin", "src/relay/main.ts", "verify/harness", "verify/accept", "verify/chaos", "verify/mutate"],
      ...["examples", "scripts/change", "scripts/deploy", "scripts/docs", "scripts/walls", "scripts/leash"],
      ...["scripts/words", "scripts/leftovers", "scripts/proc.ts", "scripts/supply"],
      ...["test/client/places.ts", "test/helpers/random.ts"],
      ...["test/helpers/patience.ts", "test/helpers/until.ts", "@hono/node-server"],
      ...["@seriousme/openapi-schema-validator", "@trpc/server"],
      ...["@trpc/server/adapters/standalone", "ajv-formats", "ajv/dist/2020.js", "commander"],
      ...["drizzle-orm", "drizzle-orm/pg-core", "esbuild", "fast-check", "miniflare", "oxc-parser"],
      ...["picocolors", "postgres", "scslre", "ssh2", "standardwebhooks", "typescript/unstable/ast"],
      ...["typescript/unstable/ast/is", "typescript/unstable/sync", "vitest", "yaml", "zod", NODE],
    ],
    types: ["src/relay/tools.ts", "vitest/node"],
    why: "Tests use what they test, and neither entries nor the database's tables.",
    instead: "Test an entry as a process, and reach the tables with SQL or through src/domain.",
  },
  "test/client/places.ts": {
    may: ["test/helpers/patience.ts", "esbuild", "miniflare", "playwright-core", NODE],
    types: ["test"],
    why: "It starts what runs the client, and a browser is otherwise started by test/browser only.",
    instead: "Write it beside it.",
  },
  "test/browser": {
    may: ["verify/harness", "axe-core", "playwright-core", "postgres", "vitest", "zod", NODE],
    types: ["vitest/node"],
    why: "The browser tests use a stack as its users do.",
    instead: "Use the pages, or the HTTP API through verify/harness.",
  },
  "test/reporter.ts": { may: [], types: ["vitest/node"], ...TOOL },
  "test/helpers/random.ts": { may: [], ...SHARED },
  "test/helpers/patience.ts": { may: [NODE], ...SHARED },
  "test/helpers/until.ts": { may: ["test/helpers/patience.ts", NODE], ...SHARED },
  "drizzle.config.ts": { may: ["drizzle-kit"], ...TOOL },
  "vite.config.ts": { may: ["vite"], ...TOOL },
  "vitest.config.ts": { may: ["test/reporter.ts", "vitest/config", NODE], ...TOOL },
  "vitest.browser.config.ts": { may: ["test/reporter.ts", "vitest/config", "vitest/node"], ...TOOL },
  "vitest.incus.config.ts": { may: ["test/reporter.ts", "vitest/config"], ...TOOL },
};
