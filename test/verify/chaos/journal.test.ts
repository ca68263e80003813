import { expect, test } from "vitest";
import { Journal } from "../../../verify/chaos/journal.ts";

test("says of every kind how many came and how many hit somebody, those that hit later too", () => {
  const journal = new Journal(() => undefined);
  let felt = 0;
  journal.inject("relay_link_cut", "0 at once", () => felt);
  journal.inject("relay_link_cut", "0 at once", () => 0);
  journal.miss("machine_killed", "no machine is there");
  expect(journal.counts()).toEqual(["hit 0 of 1  a machine killed", "hit 0 of 2  cut: relay and edge"]);
  felt = 3;
  expect(journal.counts()).toContain("hit 1 of 2  cut: relay and edge");
});

test("names the kinds of which none has hit", () => {
  const journal = new Journal(() => undefined);
  journal.inject("relay_killed", "process 1", () => 1);
  journal.everyKindHasHit();
  journal.inject("driver_full", "0 at once", () => 0);
  expect(() => journal.everyKindHasHit()).toThrow("a driver without room: 1 came, none hit");
});
