import type { AnyTRPCRouter, inferRouterError, inferRouterInputs, inferRouterOutputs } from "@trpc/server";
import type { appRouter } from "../../src/api/router.ts";
import type { AppRouter } from "../../src/client/router.ts";

/**
 * Holds the published table of procedures equal to what the server serves, by compiling: a procedure that is missing
 * in one of them, or whose input, output or kind differs, is named by the error here.
 */

type Served = typeof appRouter;
/** Relays speak to the server by themselves, without the published client. */
type Internal = `relay.${string}`;

type Kinds<Router extends AnyTRPCRouter> = {
  [Group in keyof Router["_def"]["record"]]: {
    [Name in keyof Router["_def"]["record"][Group]]: Router["_def"]["record"][Group][Name] extends {
      _def: { type: infer Kind };
    }
      ? Kind
      : never;
  };
};

/**
 * Structure alone, however it was put together, so that being assignable either way means being the same: `any` is
 * made to differ from everything, and an object without some optional member from one with it.
 */
type Flat<T> = 0 extends 1 & T
  ? { any: true }
  : T extends AsyncIterable<infer Item>
    ? { stream: Flat<Item> }
    : T extends readonly (infer Item)[]
      ? { list: Flat<Item>; length: T["length"] }
      : T extends object
        ? { keys: keyof T; members: { [Key in keyof T]: Flat<T[Key]> } }
        : T;
type Same<One, Other> = [Flat<One>, Flat<Other>] extends [Flat<Other>, Flat<One>] ? true : false;

type Paths<Table> = {
  [Group in keyof Table & string]: `${Group}.${keyof Table[Group] & string}`;
}[keyof Table & string];
type At<Table, Path> = Path extends `${infer Group}.${infer Name}`
  ? Group extends keyof Table
    ? Name extends keyof Table[Group]
      ? { there: Table[Group][Name] }
      : "missing"
    : "missing"
  : never;
/** `{ "pool.put": "differs" }` for each path at which the tables are not the same. */
type Differing<One, Other> = {
  [
    Path in Exclude<Paths<One> | Paths<Other>, Internal> as Same<At<One, Path>, At<Other, Path>> extends true
      ? never
      : Path
  ]: "differs";
};

const differing: {
  inputs: Differing<inferRouterInputs<Served>, inferRouterInputs<AppRouter>>;
  outputs: Differing<inferRouterOutputs<Served>, inferRouterOutputs<AppRouter>>;
  kinds: Differing<Kinds<Served>, Kinds<AppRouter>>;
} = { inputs: {}, outputs: {}, kinds: {} };
const sameErrors: Same<inferRouterError<Served>, inferRouterError<AppRouter>> = true;

void differing;
void sameErrors;
