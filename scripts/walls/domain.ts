import type { Room } from "./room.ts";

/** The rooms of the domain, from the bottom up. ARCHITECTURE.md draws them; what an arrow means is said there. */
export const DOMAIN: Record<string, Room> = {
  "src/domain/core": {
    may: ["src/contract", "src/db/failure.ts", "src/db/client.ts", "drizzle-orm"],
    why: "Core has what every rule stands on: states and their moves, locks, events, limits. It knows no rule.",
    instead: "Move the rule to the room that it is about.",
  },
  "src/domain/recipes": {
    may: ["src/contract", "src/db/client.ts", "src/domain/core", "drizzle-orm", "re2js"],
    why: "Recipes are stored and their parameters checked; who runs them is not their concern.",
    instead: "Ask from src/domain/assignments.",
  },
  "src/domain/events": {
    may: ["src/contract", "src/db/client.ts", "src/domain/core", "drizzle-orm"],
    types: ["zod"],
    why: "The record is read here, and written by `tell` in core.",
    instead: "Write the event where the change is made.",
  },
  "src/domain/access": {
    may: ["src/db/client.ts", "src/domain/core", "drizzle-orm"],
    types: ["src/contract"],
    why: "Tokens and keys of requests say who calls, and not what is done.",
    instead: "Check it in src/api, and call the room that does it.",
  },
  "src/domain/secrets": {
    may: ["src/contract", "src/db/client.ts", "src/domain/core", "drizzle-orm"],
    why: "Secrets are sealed and opened here; what they are for is not known.",
    instead: "Pass the sealed values in.",
  },
  "src/domain/webhook": {
    may: ["src/db/client.ts", "src/domain/core", "drizzle-orm"],
    types: ["src/contract"],
    why: "Messages are stored by the moves in core, and only sent from here.",
    instead: "Announce it in src/domain/core/announce.ts.",
  },
  "src/domain/installation": {
    may: [
      ...["src/contract", "src/db/client.ts", "src/domain/core", "src/domain/secrets"],
      ...["drizzle-orm"],
    ],
    types: ["src/domain/access"],
    why: "What is wrong with an installation is looked at from outside its rules.",
    instead: "Ask from src/cron or src/api.",
  },
  "src/domain/orphans": {
    may: ["src/contract", "src/db/client.ts", "src/domain/core", "drizzle-orm"],
    types: ["src/db/tables"],
    why: "Orphans are judged by what a node lists, whatever else is known of its machines.",
    instead: "Pass it in with the sightings.",
  },
  "src/domain/capacity": {
    may: ["src/contract", "src/db/client.ts", "src/domain/core", "drizzle-orm"],
    types: ["src/db/tables"],
    why: "What fits where is computed from what nodes have and what is booked, and acts on nothing.",
    instead: "Act on it in src/domain/supply.",
  },
  "src/domain/health": {
    may: [
      ...["src/contract", "src/db/client.ts", "src/domain/core", "src/domain/orphans"],
      ...["src/domain/capacity", "drizzle-orm"],
    ],
    types: ["src/db/tables"],
    why: "Whether a machine lives is judged by what was heard, and not by what is needed.",
    instead: "Decide how many there are in src/domain/supply.",
  },
  "src/domain/assignments": {
    may: [
      ...["src/contract", "src/db/client.ts", "src/domain/core", "src/domain/recipes"],
      ...["src/domain/secrets", "src/domain/capacity", "src/domain/health", "drizzle-orm"],
    ],
    types: ["src/db/tables"],
    why: "Who has which machine does not depend on how machines are made.",
    instead: "Make machines in src/domain/supply.",
  },
  "src/domain/supply": {
    may: [
      ...["src/contract", "src/db/client.ts", "src/domain/core", "src/domain/capacity"],
      ...["src/domain/health", "drizzle-orm"],
    ],
    why: "How many machines there are follows from pools, nodes and who waits; no person acts here.",
    instead: "Put what people do into src/domain/machines, nodes or pools.",
  },
  "src/domain/follow": {
    may: ["src/domain/core", "src/domain/health", "src/domain/assignments", "src/domain/supply"],
    types: ["src/db/client.ts"],
    why: "What follows a change is activated here, by the rooms below; nothing is decided.",
    instead: "Say what a move touches in src/domain/core/follows.ts.",
  },
  "src/domain/imports": {
    may: [
      ...["src/db/client.ts", "src/domain/core", "src/domain/recipes", "src/domain/secrets"],
      ...["src/domain/supply", "drizzle-orm"],
    ],
    types: ["src/contract"],
    why: "A tester who comes with a machine takes a place in a pool, and nothing is made for them.",
    instead: "Do what follows from it in src/domain/machines or src/domain/operations.",
  },
  "src/domain/machines": {
    may: [
      ...["src/db/client.ts", "src/domain/core", "src/domain/health", "src/domain/assignments"],
      ...["src/domain/follow", "src/domain/imports", "drizzle-orm"],
    ],
    types: ["src/contract"],
    why: "An act on one machine applies the rules of the rooms below.",
    instead: "Put the rule into the room that it is about.",
  },
  "src/domain/operations": {
    may: [
      ...["src/contract", "src/db/failure.ts", "src/db/client.ts", "src/domain/core"],
      ...["src/domain/secrets", "src/domain/orphans", "src/domain/capacity", "src/domain/health"],
      ...["src/domain/assignments", "src/domain/imports", "src/domain/follow", "drizzle-orm"],
    ],
    why: "Results of a relay are applied here, and the rooms below say what follows.",
    instead: "Put the rule into the room that it is about.",
  },
  "src/domain/nodes": {
    may: [
      ...["src/contract", "src/db/client.ts", "src/domain/core", "src/domain/access"],
      ...["src/domain/orphans", "src/domain/capacity", "src/domain/health"],
      ...["src/domain/assignments", "src/domain/follow", "src/domain/machines", "drizzle-orm"],
    ],
    types: ["src/db/tables"],
    why: "Sessions of relays and acts on a node apply the rules of the rooms below.",
    instead: "Put the rule into the room that it is about.",
  },
  "src/domain/pools": {
    may: [
      ...["src/contract", "src/db/client.ts", "src/domain/core", "src/domain/capacity"],
      ...["src/domain/health", "src/domain/assignments", "src/domain/supply", "src/domain/follow"],
      "drizzle-orm",
    ],
    why: "Acts on a pool apply the rules of the rooms below, and its view puts them into words.",
    instead: "Put the rule into the room that it is about.",
  },
  "src/domain/metrics": {
    may: [
      ...["src/contract", "src/db/tables", "src/db/client.ts", "src/domain/core"],
      ...["src/domain/health", "src/domain/pools", "drizzle-orm"],
    ],
    why: "Metrics read what the other rooms know, and nothing depends on them.",
    instead: "Count it where it happens, in the statement that makes it happen.",
  },
};
