import { test } from "vitest";
import { SEED, survives } from "./everything.ts";

test("a minute of set-up on Incus survives a swap, two dead relays, a moved lease, five cut connections and a machine that is switched off", async () => {
  const faults = { kills: 2, moves: 1, resets: 3, freezes: 2 };
  await survives({ driver: "incus", seconds: 60, ...faults, seed: SEED });
});
