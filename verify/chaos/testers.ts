import { setTimeout as delay } from "node:timers/promises";
import { assigned, type Assignment, assignment } from "../harness/interface.ts";
import { type Rpc, RpcError } from "../harness/rpc.ts";
import { type Key, makeKey } from "../harness/sshClient.ts";
import { seeded } from "../../test/helpers/random.ts";
import type { Journal } from "./journal.ts";
import type { Ledger } from "./observer/ledger.ts";

/**
 * People who come, use a machine for a while and give it back, whatever happens meanwhile. Each holds Warmpool to what
 * it has told them: an assignment that was promised is there until they give it back.
 */
export type Tester = {
  username: string;
  key: Key;
  /** The assignment that they were told of and have not asked to release. */
  promised: string | null;
  /** Until then a release that nobody answered may still arrive, and end what was promised since. */
  doubtUntil: number;
};

export type Testers = {
  all: readonly Tester[];
  counts: { assigned: number; active: number; released: number };
  /** Comes and goes until `signal` is aborted, then stops where they are. */
  run(signal: AbortSignal): Promise<void>;
  /** Those who hold what cannot be used give it back. @returns how many are still on their way to a machine. */
  settle(): Promise<number>;
};

export type TestersOptions = {
  /** Asked in turn by chance; anew each time, since they come and go. */
  edges: () => readonly Rpc[];
  seed: number;
  number: number;
  /** Of their keys. */
  folder: string;
  ledger: Ledger;
  journal: Journal;
};

const PAUSE_MS = [300, 2500] as const;
/** A client gives a call up after 40 s; a frozen edge may carry it out when it goes on. */
const DOUBT_MS = 90_000;
const KEPT_PROMISE = "an assignment that was promised is there until it is given back";
const NO_FAULTS = "no call is answered with a fault of Warmpool's own";

export async function gatherTesters(options: TestersOptions): Promise<Testers> {
  const { edges, seed, number, folder, ledger, journal } = options;
  const all: Tester[] = [];
  for (let n = 1; n <= number; n += 1) {
    const username = `tester${n}`;
    all.push({ username, key: await makeKey(folder, username), promised: null, doubtUntil: 0 });
  }
  const counts = { assigned: 0, active: 0, released: 0 };
  const wereActive = new Set<string>();

  /** Null where no answer came, which says nothing. */
  async function ask<T>(random: () => number, call: (edge: Rpc) => Promise<T>): Promise<T | null> {
    const asked = edges();
    const edge = asked[Math.floor(random() * asked.length)];
    if (edge === undefined) return null;
    try {
      const answer = await call(edge);
      ledger.looked(NO_FAULTS, []);
      return answer;
    } catch (error) {
      if (!(error instanceof RpcError)) throw error;
      ledger.looked(NO_FAULTS, error.status === 500 ? [error.message] : []);
      return null;
    }
  }

  /** Compares with what was promised, and takes what is for the promise from now on. */
  function hold(tester: Tester, now: Assignment): void {
    const { username, promised, doubtUntil } = tester;
    const isLive = now.state !== "released";
    if (promised !== null && performance.now() > doubtUntil) {
      const kept = now.id === promised && isLive;
      ledger.looked(
        KEPT_PROMISE,
        kept ? [] : [`${username} had ${promised}, and has ${now.id} (${now.state})`],
      );
    }
    if (isLive && promised === null) counts.assigned += 1;
    tester.promised = isLive ? now.id : null;
    if (now.state !== "active" || wereActive.has(now.id)) return;
    wereActive.add(now.id);
    counts.active += 1;
  }

  async function assign(tester: Tester, random: () => number): Promise<void> {
    const { username, key } = tester;
    const input = { username, sshKeys: [key.publicKey] };
    const answer = await ask(random, (edge) => edge.mutate("tester.assign", input, assigned));
    if (answer !== null) hold(tester, answer.assignment);
  }

  async function look(tester: Tester, random: () => number): Promise<Assignment | null> {
    const { username } = tester;
    const now = await ask(random, (edge) => edge.query("tester.status", { username }, assignment));
    if (now !== null) hold(tester, now);
    return now;
  }

  async function release(tester: Tester, random: () => number): Promise<void> {
    const { username } = tester;
    tester.promised = null;
    const now = await ask(random, (edge) => edge.mutate("tester.release", { username }, assignment));
    if (now === null) tester.doubtUntil = performance.now() + DOUBT_MS;
    else counts.released += 1;
  }

  const retry = ({ username }: Tester, random: () => number): Promise<Assignment | null> =>
    ask(random, (edge) => edge.mutate("tester.retry", { username }, assignment));

  const isUseless = ({ state, machine }: Assignment): boolean =>
    state === "failed" || (machine !== null && journal.isSpoilt(machine.name));

  async function step(tester: Tester, random: () => number): Promise<void> {
    if (tester.promised === null) return assign(tester, random);
    const now = await look(tester, random);
    const chance = random();
    if (now === null || now.state === "released") return;
    if (isUseless(now) && chance < 0.5) await release(tester, random);
    else if (now.state === "failed") await retry(tester, random);
    else if (chance < 0.15) await assign(tester, random);
    else if (chance < (now.state === "active" ? 0.4 : 0.17)) await release(tester, random);
  }

  return {
    all,
    counts,
    async run(signal) {
      const lives = all.map(async (tester, index) => {
        const random = seeded(seed + 7919 * (index + 1));
        while (!signal.aborted) {
          await step(tester, random);
          const [low, high] = PAUSE_MS;
          await delay(low + random() * (high - low), null, { signal }).catch(() => null);
        }
      });
      await Promise.all(lives);
    },
    async settle() {
      const random = seeded(seed);
      const underWay = await Promise.all(
        all.map(async (tester) => {
          const now = await look(tester, random);
          if (now !== null && now.state !== "released" && isUseless(now)) await release(tester, random);
          return now === null || ["waiting", "setting_up", "failed"].includes(now.state);
        }),
      );
      return underWay.filter(Boolean).length;
    },
  };
}
