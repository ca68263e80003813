import type { AnyTRPCRouter, inferRouterError, inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import type { appRouter } from "../../src/api/router.ts";
import type { AppRouter } from "../../src/client/router.ts";

/**
 * Holds the published table of procedures equal to what the server serves, by compiling: a procedure that is missing
 * in one of them, or whose input, output or kind differs, is an error here.
 */

/** For relays and the local stack, which do not come through the published client. */
type Internal = { relay: unknown; pool: "empty" };

type Served = typeof appRouter;
type Published<Table> = {
  [Name in Exclude<keyof Table, "relay">]: Name extends keyof Internal
    ? Omit<Table[Name], Extract<Internal[Name], string>>
    : Table[Name];
};
type Kinds<Router extends AnyTRPCRouter> = {
  [Name in keyof Router["_def"]["record"]]: {
    [Procedure in keyof Router["_def"]["record"][Name]]: Router["_def"]["record"][Name][Procedure] extends {
      _def: { type: infer Kind };
    }
      ? Kind
      : never;
  };
};

/** Each is assignable to the other, optional members and unions included. */
type Same<One, Other> =
  (<T>() => T extends Flat<One> ? 1 : 2) extends <T>() => T extends Flat<Other> ? 1 : 2 ? true : false;
/** Structure alone, however it was put together. */
type Flat<T> =
  T extends AsyncIterable<infer Item>
    ? { stream: Flat<Item> }
    : T extends object
      ? { [Key in keyof T]: Flat<T[Key]> }
      : T;

const same: {
  inputs: Same<Published<inferRouterInputs<Served>>, inferRouterInputs<AppRouter>>;
  outputs: Same<Published<inferRouterOutputs<Served>>, inferRouterOutputs<AppRouter>>;
  kinds: Same<Published<Kinds<Served>>, Kinds<AppRouter>>;
  errors: Same<inferRouterError<Served>, inferRouterError<AppRouter>>;
} = { inputs: true, outputs: true, kinds: true, errors: true };

void same;
