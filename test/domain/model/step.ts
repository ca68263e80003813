import type * as fc from "fast-check";
import { WarmpoolError } from "../../../src/domain/core/errors.ts";
import type { Installation } from "./installation.ts";
import { complaints } from "./invariants.ts";
import { follow, isLineEmpty, type Model } from "./model.ts";
import { look, type Picture } from "./picture.ts";

export type Step = fc.AsyncCommand<Model, Installation>;

/** What a step may bring about besides what it says in the model. */
type Effect = {
  /** Whom it may send back to the line. */
  maySwap?: readonly string[];
  /** After it nobody waits beside a machine that could be claimed. */
  matches?: boolean;
};

/** A step: acts on the system and the model, after which both must agree and everything that always holds must hold. */
export function step(
  name: string,
  act: (system: Installation, model: Model, before: Picture) => Promise<Effect | void>,
): Step {
  return {
    check: () => true,
    run: async (model, system) => {
      const before = await look(system.db);
      const { maySwap = [], matches = false } = (await act(system, model, before)) ?? {};
      const after = await look(system.db);
      const problems = await complaints(system.db, before);
      if (problems.length > 0) throw new Error(`after ${name}: ${problems.join("; ")}`);
      follow(model, after, new Set(maySwap));
      if (matches && after.claimable.length > 0 && !isLineEmpty(model))
        throw new Error(`after ${name} somebody waits beside a ready machine`);
    },
    toString: () => name,
  };
}

/** Whether it was done; refusals with one of these codes are answers too. */
export async function unlessRefused(codes: readonly string[], act: Promise<unknown>): Promise<boolean> {
  try {
    await act;
    return true;
  } catch (error) {
    if (error instanceof WarmpoolError && codes.includes(error.code)) return false;
    throw error;
  }
}
