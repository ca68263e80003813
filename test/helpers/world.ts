import { sql } from "drizzle-orm";
import { poolSpec, type PoolSpecInput } from "../../src/contract/pool.ts";
import type { Recipe } from "../../src/contract/recipe.ts";
import type { LeasedOperation } from "../../src/contract/relay.ts";
import type { OperationResult } from "../../src/contract/operationResult.ts";
import { type Db, rows } from "../../src/db/client.ts";
import { finish } from "../../src/domain/operations/finish.ts";
import { leaseWork } from "../../src/domain/operations/lease.ts";
import { openSession } from "../../src/domain/nodes/session.ts";
import { payloads } from "../../src/domain/operations/payload.ts";
import { putPool } from "../../src/domain/pools/pools.ts";
import { renew } from "../../src/domain/operations/progress.ts";
import { putRecipe } from "../../src/domain/recipes/recipes.ts";

/** A small installation in a test's database: a recipe, a pool, and a node whose relay is the test itself. */
export const ADMIN = "admin:test" as const;
export const APP = "app:test" as const;
export const NODE = "n1";

export const RECIPE: Recipe = {
  name: "plain",
  params: { greeting: { pattern: "[a-z ]*" } },
  steps: [{ id: "hello", title: "Say hello", script: "echo hello", timeoutSeconds: 10 }],
};

export const KEY_A = `ssh-ed25519 ${ed25519Blob(1)} a@test`;
export const KEY_B = `ssh-ed25519 ${ed25519Blob(2)} b@test`;

export const HOST_KEY = {
  type: "ssh-ed25519" as const,
  key: ed25519Blob(9),
  fingerprint: `SHA256:${"A".repeat(43)}`,
};

/** A well-formed ed25519 public key blob; nobody holds its private half. */
export function ed25519Blob(seed: number): string {
  const type = new TextEncoder().encode("ssh-ed25519");
  const bytes = new Uint8Array(4 + type.length + 4 + 32).fill(seed);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type.length);
  bytes.set(type, 4);
  view.setUint32(4 + type.length, 32);
  return btoa(String.fromCharCode(...bytes));
}

export function specOf(overrides: Partial<PoolSpecInput> = {}): PoolSpecInput {
  return {
    name: "demo",
    targetSize: 0,
    maxSize: 10,
    shape: { vcpus: 1, memoryMib: 512, diskGib: 4 },
    image: "debian",
    instanceType: "container",
    adminSshKeys: [],
    recipe: "plain",
    ...overrides,
  };
}

/** Recipe, node and pool in place; the node is online and has nothing to do. */
export async function makeWorld(db: Db, overrides: Partial<PoolSpecInput> = {}): Promise<StandInRelay> {
  await putRecipe(db, RECIPE, ADMIN);
  await db.execute(sql`insert into nodes (name) values (${NODE})`);
  const relay = await openRelay(db);
  await relay.answerProbe();
  await putPool(db, poolSpec.parse(specOf(overrides)), ADMIN);
  return relay;
}

/** A relay's side of the protocol, spoken by a test: it leases for real and finishes with what the test says. */
export type StandInRelay = {
  session: string;
  lease(free?: { setups: number; others: number }): Promise<LeasedOperation[]>;
  /** Leases all that it may have, and gives the first of that kind; rejects where there is none. */
  take<Kind extends LeasedOperation["kind"]>(kind: Kind): Promise<Extract<LeasedOperation, { kind: Kind }>>;
  finish(operation: { id: string; token: number }, result: OperationResult): Promise<void>;
  pinHostKey(operation: { id: string; token: number }): Promise<void>;
  /** Carries out everything that is queued, happily, until nothing is left. */
  workOff(): Promise<void>;
  /** `strays` are listed as well, and no row need know them. */
  answerProbe(
    dead?: readonly string[],
    absent?: readonly string[],
    strays?: readonly string[],
  ): Promise<void>;
};

/** @param highest what it says that it has seen, at its opening and at every lease */
export async function openRelay(db: Db, node = NODE, highest = 0): Promise<StandInRelay> {
  const { session } = await openSession(db, node, {
    relayVersion: "test",
    driver: "stand-in",
    driverVersion: "1",
    sshPublicKey: KEY_A,
    highestMachineNumber: highest,
    listing: null,
  });
  return relayOf(db, node, session, highest);
}

/** A relay for what a furnished template has: it comes back, and its node is as good as new. */
export async function reopenRelay(db: Db): Promise<StandInRelay> {
  const relay = await openRelay(db);
  await relay.answerProbe();
  return relay;
}

function relayOf(db: Db, node: string, session: string, highest: number): StandInRelay {
  const relay: StandInRelay = {
    session,
    lease: async (free = { setups: 1000, others: 1000 }) =>
      payloads(db, await leaseWork(db, node, session, free, highest)),
    take: async <Kind extends LeasedOperation["kind"]>(kind: Kind) => {
      const taken = (await relay.lease()).find(
        (operation): operation is Extract<LeasedOperation, { kind: Kind }> => operation.kind === kind,
      );
      if (taken === undefined) throw new Error(`no ${kind} was queued`);
      return taken;
    },
    finish: ({ id, token }, result) => finish(db, node, { session, id, token, result }),
    pinHostKey: async ({ id, token }) => {
      await renew(db, node, session, [
        { id, token, progress: { kind: "create", phase: "booting", hostKey: HOST_KEY } },
      ]);
    },
    workOff: async () => {
      for (let round = 0; round < 1000; round += 1) {
        const leased = await relay.lease();
        if (leased.length === 0) return;
        for (const operation of leased) await doHappily(relay, operation);
      }
      throw new Error("there is always more work");
    },
    answerProbe: async (dead = [], absent = [], strays = []) => {
      const leased = async () =>
        (await relay.lease({ setups: 0, others: 0 })).filter((one) => one.kind === "probe");
      const isWhole = ({ scope }: { scope: string }) => scope === "all";
      const first = await leased();
      // On a busy host the recheck of a suspect may be due as well, and may be what is leased first.
      const probe = first.find(isWhole) ?? (await leased()).find(isWhole) ?? first[0];
      if (probe === undefined) throw new Error("no probe was queued");
      const names = await rows<{ name: string }>(
        db,
        sql`select name from machines where node = ${node} and state <> 'deleted'`,
      );
      await relay.finish(probe, {
        outcome: "probed",
        listing: {
          complete: true,
          startedAt: new Date().toISOString(),
          names: [...names.map((row) => row.name).filter((name) => !absent.includes(name)), ...strays],
        },
        answers: probe.machines.map((machine) =>
          dead.includes(machine.name) || absent.includes(machine.name)
            ? { id: machine.id, answer: "dead", cause: "refused" }
            : { id: machine.id, answer: "alive", cause: null },
        ),
      });
    },
  };
  return relay;
}

/** What a relay reports when everything goes well. */
export async function doHappily(relay: StandInRelay, operation: LeasedOperation): Promise<void> {
  switch (operation.kind) {
    case "create":
      await relay.pinHostKey(operation);
      return relay.finish(operation, createdOf(operation.machine));
    case "setup":
      return relay.finish(operation, setUpOf(operation.assignment.username, operation.assignment.sshKeys));
    case "delete":
      return relay.finish(operation, operation.keep === true ? { outcome: "kept" } : DELETED);
    case "restart": {
      const { host, port } = operation.machine;
      return relay.finish(operation, { outcome: "restarted", host, port, access: { host, port } });
    }
    case "cut":
      return relay.finish(operation, { outcome: "cut" });
    case "import":
      return relay.finish(operation, importedOf(operation.machine, operation.dial?.ssh.host));
    case "unmark":
      return relay.finish(operation, { outcome: "unmarked" });
    case "probe":
      return relay.finish(operation, {
        outcome: "probed",
        listing: {
          complete: true,
          startedAt: new Date().toISOString(),
          names: operation.machines.map((m) => m.name),
        },
        answers: operation.machines.map(({ id }) => ({ id, answer: "alive", cause: null })),
      });
  }
}

export function createdOf(machine: { name: string; port: number }): OperationResult {
  const here = { host: "127.0.0.1", port: machine.port };
  return { outcome: "created", driver: "stand-in", driverRef: machine.name, ...here, access: here };
}

export function importedOf(machine: { name: string }, host = "192.0.2.7"): OperationResult {
  const here = { host, port: 22 };
  return {
    outcome: "imported",
    driver: "stand-in",
    driverRef: machine.name,
    hostKey: HOST_KEY,
    ...here,
    access: here,
  };
}

export function setUpOf(
  username: string,
  keys: string[],
  outputs: Record<string, string> = {},
): OperationResult {
  return {
    outcome: "set_up",
    outputs,
    handover: { hostKey: HOST_KEY.fingerprint, keys: { [username]: keys } },
  };
}

export const DELETED: OperationResult = {
  outcome: "deleted",
  receipt: { kind: "listed", listingStartedAt: "2026-01-01T00:00:00.000Z", storageProof: "volumes" },
};

/** `{ ready: 3, … }`: machines by state, deleted ones left out. */
export async function countStates(db: Db): Promise<Record<string, number>> {
  const found = await rows<{ state: string; count: number }>(
    db,
    sql`select state, count(*)::int as count from machines where state <> 'deleted' group by state`,
  );
  return Object.fromEntries(found.map(({ state, count }) => [state, count]));
}
