import * as fc from "fast-check";
import { expect, test } from "vitest";
import { poolSpec } from "../../../src/contract/pool.ts";
import { planChange } from "../../../src/domain/supply/preview.ts";
import { specOf } from "../../helpers/world.ts";
import { type Pool, Simulation, type Site } from "./rolloutSimulation.ts";

/** A tick is a sweep: creates of 40 ticks take 40 minutes, and a rollout of so many machines takes this many at most. */
const TICKS = 1500;

const pool = (name: string): fc.Arbitrary<Pool> =>
  fc
    .record({ targetSize: fc.integer({ min: 1, max: 5 }), extra: fc.nat(4), testers: fc.nat(4) })
    .map(({ targetSize, extra, testers }) => ({
      name,
      targetSize,
      maxSize: targetSize + extra,
      testers: Math.min(testers, targetSize + extra),
    }));

const site = (of: { claims: boolean; drains: boolean }): fc.Arbitrary<Site> =>
  fc.record({
    pools: fc
      .integer({ min: 1, max: 3 })
      .chain((count) => fc.tuple(...["a", "b", "c"].slice(0, count).map(pool))),
    spare: fc.array(fc.nat(3), { minLength: 1, maxLength: 3 }),
    createTicks: fc.integer({ min: 1, max: 40 }),
    deleteTicks: fc.integer({ min: 1, max: 20 }),
    claimEvery: of.claims ? fc.nat(30) : fc.constant(0),
    drains: of.drains ? fc.boolean() : fc.constant(false),
  });

test("a rollout: ready never falls below its start less one, whatever maxSize, claims and durations", () => {
  fc.assert(
    fc.property(site({ claims: true, drains: true }), (made) => {
      const simulation = new Simulation(made);
      const start = new Map(made.pools.map(({ name }) => [name, simulation.ready(name)]));
      for (let tick = 0; tick < 200; tick += 1) {
        simulation.tick();
        for (const { name, maxSize } of made.pools) {
          const floor = (start.get(name) ?? 0) - 1 - (simulation.claims[name] ?? 0);
          expect(simulation.ready(name), `ready in pool ${name} at tick ${tick}`).toBeGreaterThanOrEqual(
            floor,
          );
          expect(simulation.machines.filter((one) => one.pool === name).length).toBeLessThanOrEqual(maxSize);
        }
      }
    }),
    { numRuns: 100, seed: 4 },
  );
});

test("a rollout: it ends, takes down what the plan named and nothing else, and keeps as many ready as promised", () => {
  fc.assert(
    fc.property(site({ claims: false, drains: false }), (made) => {
      const simulation = new Simulation(made);
      const plans = made.pools.map(({ name, targetSize, maxSize }) => {
        const spec = poolSpec.parse(specOf({ name, targetSize, maxSize, image: "new" }));
        return planChange(spec, { waiting: 0, paused: false, machines: simulation.standing(name) });
      });
      for (let tick = 0; tick < TICKS; tick += 1) {
        simulation.tick();
        for (const [at, { name }] of made.pools.entries()) {
          const promised = plans[at]?.readyAtLeast ?? 0;
          const ready = simulation.ready(name);
          if (ready < promised)
            expect.fail(`tick ${tick}: ${ready} ready in pool ${name}, promised ${promised}`);
        }
        if (made.pools.every(({ name }) => simulation.givingWay(name).length === 0)) break;
      }
      expect(simulation.takenDown.toSorted()).toEqual(plans.flatMap(({ replace }) => replace).toSorted());
    }),
    { numRuns: 100, seed: 4 },
  );
});
