import { expect, test } from "vitest";
import type { WarmpoolClient } from "../../src/client/index.ts";
import type { PoolView } from "../../src/contract/pool.ts";
import { watchFill } from "../../src/stack/fill.ts";
import { deadline } from "../helpers/patience.ts";

/** How long `npm start` waits for the pool demo before it says that Warmpool is ready. */
const HOUR_AGO = new Date(Date.now() - 3_600_000).toISOString();
const COUNTS = { provisioning: 0, ready: 0, suspect: 0, assigned: 2, held: 0, deleting: 0 };

test("watchFill: a pool that is kept from filling, and patience → gives up and says why", async () => {
  const { said, isFull } = await watched([pool(0, HOUR_AGO)], 0);
  expect(isFull).toBe(false);
  expect(said).toEqual(["0 of 3 ready; 2 assigned; no image of that name"]);
});

test("watchFill: without a bound it waits until the pool is full", async () => {
  expect(await watched([pool(0, HOUR_AGO), pool(3, null)], null)).toMatchObject({ isFull: true });
});

test("watchFill: a hindrance of the start itself is none", async () => {
  const justNow = new Date().toISOString();
  expect(await watched([pool(0, justNow), pool(3, null)], 0)).toMatchObject({ isFull: true });
});

test("watchFill: creates that fail one after the other → the tries between them end no patience", async () => {
  let seconds = 0;
  const now = () => (seconds += 6) * 1000;
  const trying = pool(0, null);
  const looks = [pool(0, HOUR_AGO), trying, pool(0, HOUR_AGO), pool(3, null)];
  expect(await watched(looks, 10, now)).toMatchObject({ isFull: false });
});

test("watchFill: creates that fail in a row → no patience at all, but none where the pool must fill first", async () => {
  const looks = () => [pool(0, HOUR_AGO, "CreatesFailing"), pool(3, null)];
  expect(await watched(looks(), 1000)).toMatchObject({ isFull: false });
  expect(await watched(looks(), null)).toMatchObject({ isFull: true });
});

test("watchFill: a full pool is full, whatever was wrong", async () => {
  expect(await watched([pool(3, HOUR_AGO)], 0)).toMatchObject({ isFull: true });
});

async function watched(looks: PoolView[], patience: number | null, now?: () => number) {
  const said: string[] = [];
  const next = () => Promise.resolve(looks.length > 1 ? looks.shift() : looks[0]);
  const admin = {
    pool: { get: { query: next } },
    machine: { list: { query: () => Promise.resolve({ items: [] }) } },
  } as unknown as WarmpoolClient;
  const isFull = await watchFill(admin, (line) => said.push(line), deadline(60), patience, now);
  return { said, isFull };
}

function pool(claimable: number, hinderedSince: string | null, reason = "NoRoom"): PoolView {
  const conditions =
    hinderedSince === null
      ? []
      : [
          {
            type: "Progressing",
            status: false,
            reason,
            message: "no image of that name",
            since: hinderedSince,
          },
        ];
  const view = { spec: { targetSize: 3, maxSize: 6 }, claimable, counts: COUNTS, conditions };
  return view as unknown as PoolView;
}
