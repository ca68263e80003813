import { describe } from "vitest";
import { isNight } from "../../helpers/nightly.ts";
import { testOnSystem as test } from "../helpers/node.ts";
import { SEED, survives } from "./everything.ts";

const what = "a swap, a dead relay, a moved lease, cut connections and a machine that is switched off";

// By day the same is shown on Incus (everything.incus.ts), as part of .ci/run.
describe.runIf(isNight)("at night", () => {
  test(`a set-up of the whole system survives ${what}`, async () => {
    const faults = { kills: 1, moves: 1, resets: 2, freezes: 1 };
    await survives({ driver: "local", seconds: 10, ...faults, seed: SEED });
  });
});
