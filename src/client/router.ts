import type {
  TRPCBuiltRouter,
  TRPCErrorShape,
  TRPCMutationProcedure,
  TRPCQueryProcedure,
  TRPCSubscriptionProcedure,
} from "@trpc/server";
import type { z } from "zod";
import type {
  Assignment,
  AssignResult,
  assignInput,
  assignmentExtendInput,
  assignmentInput,
  assignmentRetryInput,
  Page,
  SetupLog,
  testerExtendInput,
  testerInput,
  testerListInput,
  testerLogInput,
  testerRetryInput,
  testerWatchInput,
} from "../contract/assignment.ts";
import type { capacityInput, CapacityReport } from "../contract/capacity.ts";
import type { ErrorCode } from "../contract/errors.ts";
import type { eventListInput, EventNews, EventView, eventWatchInput } from "../contract/event.ts";
import type { PoolHistory, poolHistoryInput } from "../contract/history.ts";
import type {
  ImportOutcome,
  importStartInput,
  importStatusInput,
  importUndoInput,
} from "../contract/import.ts";
import type { InstallationCheck } from "../contract/installation.ts";
import type { InstallationSettings, settingsPutInput } from "../contract/settings.ts";
import type {
  machineGetInput,
  machineListInput,
  machineNoteInput,
  machineRecreateInput,
  MachineView,
  TimelineEntry,
  timelineInput,
} from "../contract/machine.ts";
import type {
  EnrollResult,
  enrollInput,
  labelNodeInput,
  liftBrakeInput,
  NodeView,
  reapInput,
  RemovedNode,
  removeNodeInput,
} from "../contract/node.ts";
import type { setNodeInput } from "../contract/nodeSettings.ts";
import type { pageExtendInput, pageKeysInput, PageView, pageWatchInput } from "../contract/page.ts";
import type { PoolChangePlan } from "../contract/plan.ts";
import type {
  emptyPoolInput,
  PoolSpecInput,
  PoolView,
  RemovedPool,
  removePoolInput,
} from "../contract/pool.ts";
import type {
  RecipeVersion,
  RecipeView,
  recipe,
  RemovedRecipe,
  rollbackRecipeInput,
} from "../contract/recipe.ts";
import type { SecretLink } from "../contract/session.ts";
import type { DutyHeartbeat, DutyOutcome } from "../contract/sweep.ts";
import type { CreatedToken, createTokenInput, revokeTokenInput, TokenView } from "../contract/token.ts";
import type { WebhookDelivery, webhookGetInput, WebhookView } from "../contract/webhookDelivery.ts";

/**
 * The published procedures as a table, written by hand: the declarations in the package then need the contract and
 * none of the server's code. test/client/types.ts holds it equal to the router that the server really serves.
 */

/** What an error carries. `requestId` finds an `INTERNAL` in the server's log. */
export type ErrorData = { code: ErrorCode; httpStatus: number; path: string | null; requestId?: string };
export type ErrorShape = TRPCErrorShape<ErrorData>;

type Root = { ctx: object; meta: object; errorShape: ErrorShape; transformer: false };
type Definition<Input, Output> = { input: Input; output: Output; meta: object; errorShape: ErrorShape };

type Query<Input, Output> = TRPCQueryProcedure<Definition<Input, Output>>;
type Mutation<Input, Output> = TRPCMutationProcedure<Definition<Input, Output>>;
/** Each event has an id, which the client sends back when it reconnects. */
type Tracked<Item> = AsyncIterable<{ id: string; data: Item }, void>;
type Subscription<Input, Item> = TRPCSubscriptionProcedure<Definition<Input, Tracked<Item>>>;

type Tester = z.input<typeof testerInput>;
type ByName = { name: string };

export type AppRouter = TRPCBuiltRouter<
  Root,
  {
    tester: {
      assign: Mutation<z.input<typeof assignInput>, AssignResult>;
      link: Mutation<Tester, SecretLink>;
      status: Query<Tester, Assignment>;
      watch: Subscription<z.input<typeof testerWatchInput>, Assignment>;
      log: Query<z.input<typeof testerLogInput>, SetupLog>;
      release: Mutation<Tester, Assignment>;
      extend: Mutation<z.input<typeof testerExtendInput>, Assignment>;
      retry: Mutation<z.input<typeof testerRetryInput>, Assignment>;
      list: Query<z.input<typeof testerListInput>, Page<Assignment>>;
    };
    assignment: {
      get: Query<z.input<typeof assignmentInput>, Assignment>;
      release: Mutation<z.input<typeof assignmentInput>, Assignment>;
      extend: Mutation<z.input<typeof assignmentExtendInput>, Assignment>;
      retry: Mutation<z.input<typeof assignmentRetryInput>, Assignment>;
    };
    pool: {
      list: Query<void, PoolView[]>;
      get: Query<ByName, PoolView>;
      put: Mutation<PoolSpecInput, PoolView>;
      plan: Query<PoolSpecInput, PoolChangePlan>;
      history: Query<z.input<typeof poolHistoryInput>, PoolHistory>;
      pause: Mutation<ByName, PoolView>;
      resume: Mutation<ByName, PoolView>;
      remove: Mutation<z.input<typeof removePoolInput>, RemovedPool>;
      default: Mutation<ByName, PoolView>;
      empty: Mutation<z.input<typeof emptyPoolInput>, PoolView>;
    };
    recipe: {
      list: Query<void, RecipeView[]>;
      get: Query<ByName, RecipeView>;
      put: Mutation<z.input<typeof recipe>, RecipeView>;
      versions: Query<ByName, RecipeVersion[]>;
      rollback: Mutation<z.input<typeof rollbackRecipeInput>, RecipeView>;
      remove: Mutation<ByName, RemovedRecipe>;
    };
    machine: {
      list: Query<z.input<typeof machineListInput>, Page<MachineView>>;
      get: Query<z.input<typeof machineGetInput>, MachineView>;
      timeline: Query<z.input<typeof timelineInput>, Page<TimelineEntry>>;
      recreate: Mutation<z.input<typeof machineRecreateInput>, MachineView>;
      restart: Mutation<z.input<typeof machineGetInput>, MachineView>;
      hold: Mutation<z.input<typeof machineNoteInput>, MachineView>;
      unhold: Mutation<z.input<typeof machineGetInput>, MachineView>;
      cut: Mutation<z.input<typeof machineNoteInput>, MachineView>;
      uncut: Mutation<z.input<typeof machineGetInput>, MachineView>;
      forget: Mutation<z.input<typeof machineNoteInput>, MachineView>;
    };
    import: {
      start: Mutation<z.input<typeof importStartInput>, ImportOutcome[]>;
      status: Query<z.input<typeof importStatusInput>, ImportOutcome[]>;
      undo: Mutation<z.input<typeof importUndoInput>, ImportOutcome[]>;
    };
    node: {
      list: Query<void, NodeView[]>;
      enroll: Mutation<z.input<typeof enrollInput>, EnrollResult>;
      drain: Mutation<ByName, NodeView>;
      resume: Mutation<ByName, NodeView>;
      label: Mutation<z.input<typeof labelNodeInput>, NodeView>;
      set: Mutation<z.input<typeof setNodeInput>, NodeView>;
      lift: Mutation<z.input<typeof liftBrakeInput>, NodeView>;
      reap: Mutation<z.input<typeof reapInput>, NodeView>;
      remove: Mutation<z.input<typeof removeNodeInput>, RemovedNode>;
    };
    event: {
      list: Query<z.input<typeof eventListInput>, Page<EventView>>;
      watch: Subscription<z.input<typeof eventWatchInput>, EventNews>;
    };
    token: {
      list: Query<void, TokenView[]>;
      revoke: Mutation<z.input<typeof revokeTokenInput>, TokenView>;
      create: Mutation<z.input<typeof createTokenInput>, CreatedToken>;
    };
    capacity: {
      report: Query<z.input<typeof capacityInput>, CapacityReport>;
    };
    sweep: {
      run: Mutation<void, { duties: DutyOutcome[] }>;
      duties: Query<void, DutyHeartbeat[]>;
    };
    installation: {
      check: Query<void, InstallationCheck>;
    };
    session: {
      link: Mutation<void, SecretLink>;
    };
    page: {
      get: Query<void, PageView>;
      watch: Subscription<z.input<typeof pageWatchInput>, PageView>;
      addKeys: Mutation<z.input<typeof pageKeysInput>, PageView>;
      extend: Mutation<z.input<typeof pageExtendInput>, PageView>;
      release: Mutation<void, PageView>;
    };
    settings: {
      get: Query<void, InstallationSettings>;
      put: Mutation<z.input<typeof settingsPutInput>, InstallationSettings>;
    };
    webhook: {
      get: Query<z.input<typeof webhookGetInput>, WebhookView>;
      test: Mutation<void, WebhookDelivery>;
    };
  }
>;
