import { expect, test } from "vitest";
import { createClient, type WarmpoolClient } from "../../src/client/index.ts";
import { connectEdge } from "../../src/relay/session/edge.ts";
import { activated } from "../helpers/activated.ts";
import { testDb } from "../helpers/db.ts";
import { deadline } from "../helpers/patience.ts";
import { until } from "../helpers/until.ts";
import { KEY_A, makeWorld } from "../helpers/world.ts";
import { ADMIN_TOKEN } from "./edges.ts";
import { isNight } from "../helpers/nightly.ts";
import { ownProgram } from "../helpers/ownProgram.ts";

const RESTARTS = 3;
/** Callers beside each other, each of which calls as fast as it is answered. */
const CALLERS = 8;
/** A poll as long as the relay's, many times the time in which the server ends. */
const POLL_SECONDS = 25;

/** What happened to the calls of one kind. */
type Heard = { answered: number; errors: unknown[] };

/** Calls again and again until the signal; an error does not end it. */
async function keepCalling(heard: Heard, signal: AbortSignal, call: (n: number) => Promise<void>) {
  for (let n = 0; !signal.aborted; n += 1) {
    try {
      await call(n);
      heard.answered += 1;
    } catch (error) {
      heard.errors.push(error);
    }
  }
}

/** A node of its own, whose relay does nothing but ask for work. */
async function pollingNode(url: string, client: WarmpoolClient, signal: AbortSignal) {
  const { joinToken } = await client.node.enroll.mutate({ name: "polling" });
  const { credential } = await connectEdge(url, joinToken).join({ relayVersion: "0.1.0" }, signal);
  const relay = connectEdge(url, credential);
  const about = { relayVersion: "0.1.0", driver: "local", driverVersion: "1", sshPublicKey: KEY_A };
  const listing = {
    complete: true,
    startedAt: new Date().toISOString(),
    names: [],
    unmarked: [],
    copies: [],
  };
  const { session } = await relay.open({ ...about, highestMachineNumber: 0, listing }, signal);
  // Not by the relay's own call, which gives up after some seconds and is repeated.
  const headers = { authorization: `Bearer ${credential}`, "content-type": "application/json" };
  const body = JSON.stringify({ session, free: { setups: 1, others: 1 }, waitSeconds: POLL_SECONDS });
  return async () => {
    const answer = await fetch(`${url}/trpc/relay.lease`, { method: "POST", headers, body, signal });
    if (answer.status !== 200) throw new Error(`${answer.status}: ${await answer.text()}`);
    await answer.arrayBuffer();
  };
}

test.runIf(isNight)(
  "restart under load: SIGTERM, with the socket kept by the service manager → no call fails",
  async () => {
    await using t = await testDb();
    await makeWorld(t.db);
    await using server = await activated([process.execPath, ...ownProgram("src/server.ts")], {
      DATABASE_URL: t.url,
      WARMPOOL_ADMIN_TOKEN: ADMIN_TOKEN,
      WARMPOOL_SWEEP_SECONDS: "0",
    });
    const client = createClient({ url: server.url, token: ADMIN_TOKEN, timeoutSeconds: 300 });
    const end = new AbortController();
    const calls: Heard = { answered: 0, errors: [] };
    const polls: Heard = { answered: 0, errors: [] };

    await client.tester.assign.mutate({ username: "watched", sshKeys: [KEY_A] });
    const watched: string[] = [];
    const watching = (async () => {
      const stream = client.tester.watch.subscribe({ username: "watched" }, { signal: deadline(300) });
      for await (const { data } of stream) watched.push(data.state);
    })();
    const lease = await pollingNode(server.url, client, deadline(300));
    const polling = keepCalling(polls, end.signal, lease);
    const calling = Array.from({ length: CALLERS }, (_, caller) =>
      keepCalling(calls, end.signal, async (n) => {
        // It was carried out, and it was carried out once.
        const username = `u${caller}-${n}`;
        const { created } = await client.tester.assign.mutate({ username, sshKeys: [KEY_A] });
        if (!created) throw new Error(`${username} was there already`);
        await client.tester.release.mutate({ username });
      }),
    );

    for (let restarts = 0; restarts < RESTARTS; restarts += 1) {
      const before = calls.answered;
      await until("some calls to be answered", () => calls.answered > before + 2 * CALLERS);
      expect(await server.restart()).toBe(0);
    }
    const after = calls.answered;
    await until("some calls to be answered", () => calls.answered > after + 2 * CALLERS);
    // The watcher is there again, and misses nothing.
    await client.tester.release.mutate({ username: "watched" });
    await watching;
    end.abort();
    await Promise.all(calling);
    // The last poll ends as those before.
    expect(await server.restart()).toBe(0);
    await polling;

    expect(calls.errors).toEqual([]);
    expect(polls.errors).toEqual([]);
    expect(polls.answered).toBeGreaterThan(RESTARTS);
    expect(watched.at(-1)).toBe("released");
  },
);
