import {
  assignmentRouter,
  machineRouter,
  nodeRouter,
  poolRouter,
  recipeRouter,
  sweepRouter,
  tokenRouter,
} from "./admin.ts";
import { capacityRouter } from "./capacity.ts";
import { eventRouter } from "./events.ts";
import { importRouter } from "./import.ts";
import { installationRouter } from "./installation.ts";
import { pageRouter } from "./page.ts";
import { relayRouter } from "./relay.ts";
import { sessionRouter } from "./session.ts";
import { settingsRouter } from "./settings.ts";
import { testerRouter } from "./tester.ts";
import { router } from "./trpc.ts";
import { webhookRouter } from "./webhook.ts";

/** Everything under /trpc. What clients may rely on is written down in src/client/router.ts and held against this. */
export const appRouter = router({
  tester: testerRouter,
  assignment: assignmentRouter,
  pool: poolRouter,
  recipe: recipeRouter,
  machine: machineRouter,
  node: nodeRouter,
  import: importRouter,
  event: eventRouter,
  token: tokenRouter,
  capacity: capacityRouter,
  sweep: sweepRouter,
  installation: installationRouter,
  settings: settingsRouter,
  webhook: webhookRouter,
  session: sessionRouter,
  page: pageRouter,
  relay: relayRouter,
});
