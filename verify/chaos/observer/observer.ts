import { setTimeout as delay } from "node:timers/promises";
import postgres, { type Sql } from "postgres";
import type { Key } from "../../harness/sshClient.ts";
import { takenForOurs } from "./copies.ts";
import { type Asked, deadUnharmed } from "./deaths.ts";
import { activeHolds, endedHolds, getsIn, type Hold, staysOut } from "./logins.ts";
import type { Ledger } from "./ledger.ts";
import { explainedReasons, unexplained } from "./reasons.ts";
import { QUESTIONS } from "./rows.ts";

/**
 * Looks all the time, from the outside, whether what must hold holds: in the database, on the host, and over SSH as the
 * testers. Knows nothing of Warmpool's code. Where it cannot look (a killed Postgres) it has seen nothing.
 */
export type ObserverOptions = {
  databaseUrl(): string;
  ledger: Ledger;
  /** Names of the machines of which anything stands on the host. */
  standing(): Promise<string[]>;
  /** Whether a machine cannot be expected to answer, by no fault of Warmpool's. */
  isSpoilt(machine: string): boolean;
  /** Whether anything was done to a machine, or to the way to it, that lets it seem dead. */
  isHarmed(machine: Asked): boolean;
  /** A line for each copy of a person's that is gone; null if there is none. */
  missing(): Promise<string[] | null>;
  /** The names of those copies. */
  kept(): readonly string[];
  keyOf(username: string): Key | undefined;
  /** Of nobody who has a machine. */
  stranger: Key;
  /** Whether the machine of another installation in the same place is as it was. */
  isNeighbourWell(): Promise<boolean>;
};

export type Observer = {
  /** Looks until `signal` is aborted. */
  run(signal: AbortSignal): Promise<void>;
  /** Looks once at everything. @throws Error where it cannot. */
  lookNow(): Promise<void>;
  /** How many machines have become ready so far, by node. @throws Error where it cannot look. */
  machinesMade(): Promise<string>;
};

const EVERY_MS = { rows: 700, host: 1500, logins: 800, neighbour: 10_000 } as const;
const EXPLAINED = "everything that happened has a reason which docs/codes.md explains";
const NO_LEAK = "nothing is left of a machine that is booked as deleted, and none was never booked";
const LOG_IN = "an active tester gets in, under the pinned key, and each step of the set-up ran once";
const STRANGER = "nobody else's key opens a tester's machine";
const NEIGHBOUR = "the machine of another installation is left alone";
const DEAD = "no machine that nobody has harmed is taken for dead";
const COPIES = "a machine that a person has copied or renamed is left alone";
const ENDED = "who has given the machine back gets in no more";

export function makeObserver(options: ObserverOptions): Observer {
  const { ledger } = options;
  const explained = explainedReasons();
  let turn = 0;
  let lastDeath = 0;

  async function rows(sql: Sql): Promise<void> {
    for (const { invariant, ask } of QUESTIONS) {
      ledger.looked(
        invariant,
        (await ask(sql)).map(({ broken }) => broken),
      );
    }
    ledger.looked(EXPLAINED, await unexplained(sql, explained));
    const { last, broken } = await deadUnharmed(sql, lastDeath, (one) => options.isHarmed(one));
    lastDeath = last;
    ledger.looked(DEAD, broken);
  }

  async function host(sql: Sql): Promise<void> {
    // Rows before the host, so that what is booked as deleted was so before the host was looked at.
    const deleted = await sql<{ name: string }[]>`
      select name from machines group by name having bool_and(state = 'deleted')`;
    const standing = await options.standing();
    // And all of them after it: a machine's row is there before the machine.
    const booked = await sql<{ name: string }[]>`select name from machines`;
    const left = new Set(deleted.map(({ name }) => name));
    const known = new Set(booked.map(({ name }) => name));
    ledger.looked(NO_LEAK, [
      ...standing
        .filter((name) => left.has(name))
        .map((name) => `${name} is deleted, and something of it stands`),
      ...standing.filter((name) => !known.has(name)).map((name) => `${name} stands without a row`),
    ]);
    const missing = await options.missing();
    if (missing !== null) ledger.looked(COPIES, [...missing, ...(await takenForOurs(sql, options.kept()))]);
  }

  /** Once more where it does not answer: a busy host may be slow. */
  async function neighbour(): Promise<void> {
    const isWell = (await options.isNeighbourWell()) || (await options.isNeighbourWell());
    ledger.looked(NEIGHBOUR, isWell ? [] : ["it does not answer under its key"]);
  }

  /** A log-in that fails counts where nothing has changed meanwhile that explains it. */
  async function logIn(sql: Sql, hold: Hold): Promise<void> {
    const key = options.keyOf(hold.username);
    if (key === undefined || options.isSpoilt(hold.name)) return;
    const problem = await getsIn(hold, key);
    if (problem !== null) {
      const still = (await activeHolds(sql)).some(({ assignment }) => assignment === hold.assignment);
      if (!still || options.isSpoilt(hold.name)) return;
    }
    ledger.looked(LOG_IN, problem === null ? [] : [problem]);
  }

  async function logins(sql: Sql): Promise<void> {
    turn += 1;
    const active = await activeHolds(sql);
    const hold = active[turn % Math.max(1, active.length)];
    if (hold !== undefined) {
      await logIn(sql, hold);
      if (turn % 4 === 0) {
        const problem = await staysOut(hold, options.stranger, "a stranger's key");
        ledger.looked(STRANGER, problem === null ? [] : [problem]);
      }
    }
    const ended = await endedHolds(sql);
    const former = ended[turn % Math.max(1, ended.length)];
    const key = former === undefined ? undefined : options.keyOf(former.username);
    if (former === undefined || key === undefined) return;
    const problem = await staysOut(former, key, `the key of ${former.username}, who has given it back,`);
    ledger.looked(ENDED, problem === null ? [] : [problem]);
  }

  /** With a client of its own each time: the server may have been killed, and started on another port. */
  async function withDatabase(look: (sql: Sql) => Promise<void>): Promise<void> {
    const sql = postgres(options.databaseUrl(), {
      max: 1,
      connect_timeout: 3,
      idle_timeout: 5,
      connection: { statement_timeout: 10_000 },
      onnotice: () => undefined,
      // Its own question on connecting, whose failure nobody could catch.
      fetch_types: false,
    });
    try {
      await look(sql);
    } finally {
      await sql.end({ timeout: 0 });
    }
  }

  async function loop(
    everyMs: number,
    look: (sql: Sql) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    while (!signal.aborted) {
      await bounded(withDatabase(look)).catch((error: unknown) => {
        if (!isOutOfReach(error)) throw error;
      });
      await delay(everyMs, null, { signal }).catch(() => null);
    }
  }

  return {
    async run(signal) {
      await Promise.all([
        loop(EVERY_MS.rows, rows, signal),
        loop(EVERY_MS.host, host, signal),
        loop(EVERY_MS.logins, logins, signal),
        loop(EVERY_MS.neighbour, neighbour, signal),
      ]);
    },
    lookNow: () =>
      withDatabase(async (sql) => {
        await rows(sql);
        await host(sql);
        for (const hold of await activeHolds(sql)) await logIn(sql, hold);
        await neighbour();
      }),
    async machinesMade() {
      let told = "";
      await withDatabase(async (sql) => {
        const made = await sql<{ node: string; count: number }[]>`
          select n.name as node, count(e.id)::int as count from nodes n
          left join events e on e.node = n.name and e.kind = 'machine' and e.reason = 'known_good'
          group by n.name order by 1`;
        told = made.map(({ node, count }) => `${count} on ${node}`).join(", ");
      });
      return told;
    },
  };
}

/** A frozen Postgres answers nothing at all. */
const LOOK_MS = 60_000;

async function bounded(look: Promise<void>): Promise<void> {
  const over = new AbortController();
  const late = delay(LOOK_MS, null, { signal: over.signal }).then(() => {
    throw Object.assign(new Error("no answer"), { code: "CONNECT_TIMEOUT" });
  });
  try {
    await Promise.race([look, late]);
  } finally {
    over.abort();
    late.catch(() => undefined);
    look.catch(() => undefined);
  }
}

/** Postgres killed, starting or frozen; or no word yet of where it is. */
function isOutOfReach(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^(CONNECT|CONNECTION_|ECONN|EPIPE|ENOENT|57P0|57014|53300)/.test(code);
}
