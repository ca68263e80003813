import { expect, test } from "vitest";
import { ROUTES } from "../../src/api/http/routes.ts";
import { type ProcedurePath, procedures } from "../../src/api/procedures.ts";
import { allCommands, commandTree } from "../../src/cli/session/commandTree.ts";
import { terminalOutput } from "../../src/cli/terminal/output.ts";
import { buildProgram } from "../../src/cli/program.ts";

/**
 * What the API has, the command line and the admin HTTP have too: a procedure has a verb and a route, or its reason here why
 * it needs none. A new procedure is missing here until somebody has thought of both.
 */
type Public = Exclude<ProcedurePath, `relay.${string}`>;
type Way = { verb: string } | { noVerb: string };
type Reach = Way & { noRoute?: string };

const ASKED_BY_TESTER =
  "the main app knows its testers by name; by HTTP they are reached by their assignment";
const MOVED_IN = "a person imports testers once, at the command line or by tRPC";
const BY_ID = "a person knows a tester by name: the verbs for one tester do the same";

const PAGE: Reach = {
  noVerb: "testers do it on their own page; the verbs for one tester do the same",
  noRoute: "it takes the secret of a tester's page, and no token",
};

const REACH: Record<Public, Reach> = {
  "tester.assign": { verb: "assign" },
  "tester.link": { verb: "tester link", noRoute: ASKED_BY_TESTER },
  "tester.status": { verb: "tester show", noRoute: ASKED_BY_TESTER },
  "tester.watch": { verb: "assign", noRoute: "a stream; the admin HTTP answers once" },
  "tester.log": { verb: "log", noRoute: ASKED_BY_TESTER },
  "tester.release": { verb: "release", noRoute: ASKED_BY_TESTER },
  "tester.extend": { verb: "extend", noRoute: ASKED_BY_TESTER },
  "tester.retry": { verb: "retry", noRoute: ASKED_BY_TESTER },
  "tester.list": { verb: "tester list" },
  "assignment.get": { noVerb: BY_ID },
  "assignment.release": { noVerb: BY_ID },
  "assignment.extend": { noVerb: BY_ID },
  "assignment.retry": { noVerb: BY_ID },
  "pool.list": { verb: "pool list" },
  "pool.get": { verb: "pool get" },
  "pool.history": { noVerb: "columns for charts; the numbers of now are in `pool get` and /metrics" },
  "pool.put": { verb: "pool put" },
  "pool.plan": { verb: "pool plan" },
  "pool.remove": { verb: "pool remove" },
  "pool.pause": { verb: "pool pause" },
  "pool.resume": { verb: "pool resume" },
  "pool.default": { verb: "pool default" },
  "pool.empty": { verb: "pool empty" },
  "recipe.list": { verb: "recipe list" },
  "recipe.get": { verb: "recipe get" },
  "recipe.put": { verb: "recipe push" },
  "recipe.versions": { verb: "recipe versions" },
  "recipe.rollback": { verb: "recipe rollback" },
  "recipe.remove": { verb: "recipe remove" },
  "machine.list": { verb: "machine list" },
  "machine.get": { verb: "machine get" },
  "machine.timeline": { verb: "machine timeline" },
  "machine.recreate": { verb: "machine recreate" },
  "machine.restart": { verb: "machine restart" },
  "machine.hold": { verb: "machine hold" },
  "machine.unhold": { verb: "machine unhold" },
  "machine.forget": { verb: "machine forget" },
  "machine.cut": { verb: "machine cut" },
  "machine.uncut": { verb: "machine uncut" },
  "import.start": { verb: "import-testers", noRoute: MOVED_IN },
  "import.status": { verb: "import-testers", noRoute: MOVED_IN },
  "import.undo": { verb: "import-testers", noRoute: MOVED_IN },
  "node.list": { verb: "node list" },
  "node.enroll": { verb: "node enroll" },
  "node.drain": { verb: "node drain" },
  "node.resume": { verb: "node resume" },
  "node.label": { verb: "node label" },
  "node.set": { verb: "node set" },
  "node.lift": { verb: "node lift" },
  "node.reap": { verb: "node reap" },
  "node.remove": { verb: "node remove" },
  "event.list": { verb: "events" },
  "event.watch": { verb: "events", noRoute: "a stream; the admin HTTP answers once" },
  "token.list": { verb: "token list" },
  "token.create": { verb: "token create" },
  "token.revoke": { verb: "token revoke" },
  "capacity.report": { verb: "capacity" },
  "sweep.run": { verb: "sweep" },
  "sweep.duties": { verb: "duties" },
  "installation.check": {
    verb: "doctor",
    noRoute: "what the doctor judges; /healthz and /metrics are for machines",
  },
  "session.link": { verb: "dashboard", noRoute: "a person signs in with it, at the command line or by tRPC" },
  "page.get": PAGE,
  "page.watch": PAGE,
  "page.addKeys": PAGE,
  "page.extend": PAGE,
  "page.release": PAGE,
  "settings.get": { verb: "settings get" },
  "settings.put": { verb: "settings put" },
  "webhook.get": { verb: "webhook get" },
  "webhook.test": { verb: "webhook test" },
};

/** Verbs that call several procedures, or none. */
const VERBS_OF_THEIR_OWN = [
  ...[
    "status",
    "top",
    "ssh",
    "doctor",
    "apply",
    "import",
    "context add",
    "context use",
    "context list",
    "context remove",
    "server",
    "migrate",
    "relay join",
    "relay run",
    "driver check",
    "completion",
  ],
];

const program = buildProgram({
  out: terminalOutput(process.stdout, process.stderr, {}),
  env: {},
  ask: null,
  url: null,
  exitCode: 0,
});
const verbs = allCommands(commandTree(program))
  .filter(({ path, children }) => path.length > 0 && children.length === 0)
  .map(({ path }) => path.join(" "));
const reached = Object.values(REACH).flatMap((one) => ("verb" in one ? [one.verb] : []));

test("every procedure but the relay's is in the table", () => {
  const served = procedures().map(({ path }) => path);
  expect(Object.keys(REACH).toSorted()).toEqual(
    served.filter((path) => !path.startsWith("relay.")).toSorted(),
  );
});

test("the verbs that the procedures have exist, and there are no others", () => {
  expect([...new Set([...reached, ...VERBS_OF_THEIR_OWN])].toSorted()).toEqual(verbs.toSorted());
});

test("the procedures have routes, but for those that need none", () => {
  const routed = ROUTES.map(({ procedure }) => procedure.path).toSorted();
  const wanted = Object.entries(REACH).flatMap(([path, { noRoute }]) =>
    noRoute === undefined ? [path] : [],
  );
  expect([...new Set(routed)]).toEqual(wanted.toSorted());
});
