import * as z from "zod";
import { assignmentView, assignResult, pageOf } from "../../contract/assignment.ts";
import { poolHistory } from "../../contract/history.ts";
import { secretLink } from "../../contract/session.ts";
import { capacityView } from "../../contract/capacity.ts";
import { eventView } from "../../contract/event.ts";
import { machineView, timelineEntry } from "../../contract/machine.ts";
import { enrollResult, nodeView, removedNode } from "../../contract/node.ts";
import { poolChangePlan } from "../../contract/plan.ts";
import { poolView, removedPool } from "../../contract/pool.ts";
import { recipeVersion, recipeView, removedRecipe } from "../../contract/recipe.ts";
import { installationSettings } from "../../contract/settings.ts";
import { dutyHeartbeat, dutyOutcome } from "../../contract/sweep.ts";
import { createdToken, tokenView } from "../../contract/token.ts";
import { webhookDelivery, webhookView } from "../../contract/webhookDelivery.ts";
import { type Route, route } from "./route.ts";

/** Every route below /admin/v1. What is not said here (input, roles, codes) is the procedure's own. */
export const ROUTES: readonly Route[] = [
  route("GET", "/pools", "pool.list", "All pools", z.array(poolView)),
  route("GET", "/pools/:name", "pool.get", "One pool", poolView),
  route("PUT", "/pools/:name", "pool.put", "Create or change a pool", poolView),
  route("DELETE", "/pools/:name", "pool.remove", "Remove a pool and its machines", removedPool),
  route("POST", "/pools/:name/plan", "pool.plan", "What a spec would do; changes nothing", poolChangePlan),
  route("GET", "/pools/:pool/history", "pool.history", "Its metrics over time, as columns", poolHistory),
  route("POST", "/pools/:name/pause", "pool.pause", "Pause it: no machine is created or torn down", poolView),
  route("POST", "/pools/:name/resume", "pool.resume", "Resume a paused pool", poolView),
  route(
    "POST",
    "/pools/:name/default",
    "pool.default",
    "Make it the default pool for calls that name none",
    poolView,
  ),
  route("POST", "/pools/:name/empty", "pool.empty", "Pause it and tear down its machines", poolView),

  route("GET", "/machines", "machine.list", "Machines, newest first", pageOf(machineView)),
  route("GET", "/machines/:id", "machine.get", "One machine, by id or name", machineView),
  route("GET", "/machines/:id/timeline", "machine.timeline", "Its history", pageOf(timelineEntry)),
  route("POST", "/machines/:id/recreate", "machine.recreate", "Replace it with a new machine", machineView),
  route("POST", "/machines/:id/hold", "machine.hold", "Hold it: keep it out of the pool", machineView),
  route(
    "POST",
    "/machines/:id/unhold",
    "machine.unhold",
    "Release a held machine back to the pool",
    machineView,
  ),
  route("POST", "/machines/:id/restart", "machine.restart", "Stop and start it", machineView),
  route("POST", "/machines/:id/cut", "machine.cut", "Cut all access to it by stopping it", machineView),
  route("POST", "/machines/:id/uncut", "machine.uncut", "Restore the access: start it again", machineView),
  route(
    "POST",
    "/machines/:id/forget",
    "machine.forget",
    "Forget it without proof that it is gone",
    machineView,
  ),

  route("GET", "/nodes", "node.list", "All nodes", z.array(nodeView)),
  route(
    "POST",
    "/nodes",
    "node.enroll",
    "Enroll a node, or let it join again",
    enrollResult.extend({ joinToken: z.string().nullable() }),
    ["joinToken"],
  ),
  route("POST", "/nodes/:name/drain", "node.drain", "Stop creating machines on it", nodeView),
  route("POST", "/nodes/:name/resume", "node.resume", "Resume a drained node", nodeView),
  route("POST", "/nodes/:name/label", "node.label", "Replace its labels", nodeView),
  route("POST", "/nodes/:name/set", "node.set", "Set its concurrency and its silence", nodeView),
  route(
    "POST",
    "/nodes/:name/lift",
    "node.lift",
    "Lift the brake: confirm that the dead machines of the node are dead",
    nodeView,
  ),
  route("POST", "/nodes/:name/reap", "node.reap", "Allow its orphans to be torn down", nodeView),
  route("DELETE", "/nodes/:name", "node.remove", "Remove a node", removedNode),

  route(
    "GET",
    "/capacity",
    "capacity.report",
    "How many more machines fit, and what limits the number",
    capacityView,
  ),

  route("GET", "/assignments", "tester.list", "Assignments, newest first", pageOf(assignmentView)),
  route(
    "POST",
    "/assignments",
    "tester.assign",
    "Give a tester a machine",
    assignResult.extend({ page: secretLink.nullable().exactOptional() }),
    ["page"],
  ),
  route("GET", "/assignments/:id", "assignment.get", "One assignment", assignmentView),
  route("POST", "/assignments/:id/release", "assignment.release", "Release it", assignmentView),
  route("POST", "/assignments/:id/extend", "assignment.extend", "Extend its time", assignmentView),
  route("POST", "/assignments/:id/retry", "assignment.retry", "Retry a failed set-up", assignmentView),

  route("GET", "/recipes", "recipe.list", "The current version of each recipe", z.array(recipeView)),
  route("GET", "/recipes/:name", "recipe.get", "One recipe", recipeView),
  route("PUT", "/recipes/:name", "recipe.put", "Store a recipe as the current version", recipeView),
  route(
    "GET",
    "/recipes/:name/versions",
    "recipe.versions",
    "All versions of a recipe",
    z.array(recipeVersion),
  ),
  route("POST", "/recipes/:name/rollback", "recipe.rollback", "Make an earlier version current", recipeView),
  route("DELETE", "/recipes/:name", "recipe.remove", "Remove an unused recipe", removedRecipe),

  route("GET", "/events", "event.list", "What changed, who did it and why", pageOf(eventView)),

  route("GET", "/settings", "settings.get", "What is tuned for the installation", installationSettings),
  route("PUT", "/settings", "settings.put", "Change the settings that are named", installationSettings),

  route("GET", "/webhook", "webhook.get", "The webhook and its latest messages", webhookView),
  route("POST", "/webhook/test", "webhook.test", "Send a test message", webhookDelivery),

  route("GET", "/tokens", "token.list", "All tokens, without their text", z.array(tokenView)),
  route(
    "POST",
    "/tokens",
    "token.create",
    "Create a token; its text is shown once",
    createdToken.extend({ token: z.string().nullable() }),
    ["token"],
  ),
  route("DELETE", "/tokens/:id", "token.revoke", "Revoke a token", tokenView),

  route(
    "POST",
    "/sweep",
    "sweep.run",
    "Run every duty now",
    z.strictObject({ duties: z.array(dutyOutcome) }),
  ),
  route("GET", "/duties", "sweep.duties", "When each duty last ran", z.array(dutyHeartbeat)),
];
