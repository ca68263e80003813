import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { sql } from "drizzle-orm";
import { expect, test } from "vitest";
import { allCommands, commandTree } from "../../src/cli/session/commandTree.ts";
import { terminalOutput } from "../../src/cli/terminal/output.ts";
import { buildProgram } from "../../src/cli/program.ts";
import { reasonText } from "../../src/cli/views/record.ts";
import { oneIn } from "../helpers/nightly.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { KEY_A, RECIPE, specOf } from "../helpers/world.ts";
import { parse } from "yaml";
import { hostile, obeyed } from "./hostile.ts";
import { installation } from "./installation.ts";
import type { Furnish, Installation } from "./installation.ts";
import { recorder } from "./recorder.ts";
import { longest, unwrapped, warmpool } from "./run.ts";

/**
 * What holds for every verb, whatever it does, on an installation whose names are as long as names may be. The verbs
 * are those of the command line itself: a new one is missing in the table below until it is held to this too.
 */
const POOL = "pool-with-a-name-of-30-letters";
const TESTER = "tester_with_a_name_of_32_letters";
const NODE = `n2.${"long-host-name".repeat(5)}`.slice(0, 63);

type Place = Installation & { folder: string; machine: string; held: string };

/**
 * The words after the verb, and whether it reads or changes something; `elsewhere` names the test of a verb that does
 * not call the API, or is of use only together with another program.
 */
type Run = { does: "read" | "change"; words: (at: Place) => string[] | Promise<string[]> };
type Case = Run | { elsewhere: string };

const read = (...words: string[]): Run => ({ does: "read", words: () => words });
const change = (...words: string[]): Run => ({ does: "change", words: () => words });
const changeMachine = (...options: string[]): Run => ({
  does: "change",
  words: (at) => [at.machine, ...options],
});

const VERBS: Record<string, Case> = {
  status: read(),
  top: { elsewhere: "top.db.test.ts" },
  assign: {
    does: "change",
    words: async (at) => ["someone_else", "--key", await file(at, "key.pub", `${KEY_A}\n`), "--pool", POOL],
  },
  "tester show": read(TESTER),
  "tester list": read(),
  log: read(TESTER),
  extend: change(TESTER, "--ttl", "2d"),
  retry: {
    does: "change",
    words: async ({ db }) => {
      await db.execute(
        sql`update assignments set state = 'failed', error = '{"code": "step_failed", "message": "no"}'
          where username = ${TESTER} and state <> 'released'`,
      );
      return [TESTER, "--param", "greeting=another greeting than the first"];
    },
  },
  "tester link": change(TESTER),
  dashboard: change(),
  release: change(TESTER),
  ssh: { elsewhere: "ssh.db.test.ts" },
  "machine list": read(),
  "machine get": { does: "read", words: (at) => [at.machine] },
  "machine timeline": { does: "read", words: (at) => [at.held] },
  "machine recreate": changeMachine(),
  "machine restart": changeMachine(),
  "machine hold": changeMachine(
    "--note",
    "the disk makes noises that somebody wants to listen to at some length",
  ),
  "machine unhold": { does: "change", words: (at) => [at.held] },
  "machine cut": {
    does: "change",
    words: async (at) => [at.held, "--note", "their key leaked, and somebody else has been seen on it"],
  },
  "machine uncut": {
    does: "change",
    words: async (at) => {
      await at.db.execute(sql`
        update machines set cut = '{"by": "admin:test", "at": "2026-01-01T00:00:00.000Z", "note": null, "doneAt": null}'
        where name = ${at.held}`);
      return [at.held];
    },
  },
  "machine forget": changeMachine("--note", "the disk under it was pulled"),
  "pool list": read(),
  "pool get": read(POOL),
  "pool put": {
    does: "change",
    words: async (at) => [await file(at, "pool.json", JSON.stringify(specOf({ name: "second" })))],
  },
  "pool plan": {
    does: "read",
    words: async (at) => [
      await file(at, "planned.json", JSON.stringify(specOf({ name: POOL, targetSize: 40, maxSize: 50 }))),
    ],
  },
  "pool pause": change(POOL),
  "pool resume": change(POOL),
  "pool default": change(POOL),
  "pool empty": change(POOL, "--release", "--yes"),
  "pool remove": change(POOL, "--release", "--yes"),
  "node list": read(),
  "node enroll": change("n3"),
  "node drain": change(NODE),
  "node set": change(NODE, "--concurrency", "5", "--silence-seconds", "default"),
  "node resume": change(NODE),
  "node label": change(NODE, "ssd", "rack-2"),
  "node lift": {
    does: "change",
    words: async ({ db }) => {
      await db.execute(
        sql`insert into brakes (node, dead, answered) values (${NODE}, 2, 2) on conflict do nothing`,
      );
      return [NODE];
    },
  },
  "node reap": {
    does: "change",
    words: async ({ db }) => {
      const orphan = { since: "2026-11-24T10:00:00.000Z", confirmedBy: null };
      await db.execute(
        sql`update nodes set orphans = ${JSON.stringify({ "demo-7-abcd": orphan })}::jsonb where name = ${NODE}`,
      );
      return [
        NODE,
        "demo-7-abcd",
        "--note",
        "left by a test that somebody has ended at a bad moment",
        "--yes",
      ];
    },
  },
  "node remove": change(NODE),
  "recipe push": {
    does: "change",
    words: async (at) => {
      await file(at, "hello.sh", "echo hello\n");
      const step = { id: "hello", title: "Say hello", script: "hello.sh", timeoutSeconds: 90 };
      await file(at, "recipe.json", JSON.stringify({ name: "greeter", steps: [step] }));
      return [at.folder];
    },
  },
  "recipe list": read(),
  "recipe get": read("plain"),
  "recipe versions": read("plain"),
  "recipe rollback": { does: "change", words: async (at) => ["unused", "--to", await unusedRecipe(at)] },
  "recipe remove": {
    does: "change",
    words: async (at) => {
      await unusedRecipe(at);
      return ["unused", "--yes"];
    },
  },
  "settings get": read(),
  "settings put": change(
    ...["--orphan-keep", "3d", "--extend-ceiling", "60d", "--waiting-too-long", "5m"],
    ...["--event-retention", "90d", "--history-retention", "90d"],
  ),
  "webhook get": read("--limit", "500"),
  "webhook test": { elsewhere: "webhook.db.test.ts" },
  sweep: change(),
  duties: read(),
  events: read("--limit", "500"),
  capacity: read("--pool", POOL),
  "token create": change("the one that the main app and its nightly jobs identify with", "--expires", "90d"),
  "token list": read(),
  "token revoke": {
    does: "change",
    words: async ({ client }) => [(await client.token.create.mutate({ name: "old", role: "app" })).id],
  },
  apply: { elsewhere: "apply.db.test.ts" },
  import: { elsewhere: "import.db.test.ts" },
  "import-testers": { elsewhere: "importTesters.db.test.ts" },
  "context add": { elsewhere: "contexts.test.ts" },
  "context use": { elsewhere: "contexts.test.ts" },
  "context list": { elsewhere: "contexts.test.ts" },
  "context remove": { elsewhere: "contexts.test.ts" },
  server: { elsewhere: "server.machines.test.ts" },
  doctor: { elsewhere: "doctor.db.test.ts" },
  migrate: { elsewhere: "relay.db.test.ts" },
  "relay join": { elsewhere: "relay.db.test.ts" },
  "relay run": { elsewhere: "relay.db.test.ts" },
  "driver check": { elsewhere: "driver.machines.test.ts" },
  completion: { elsewhere: "completion.machines.test.ts" },
};

const program = buildProgram({
  out: terminalOutput(process.stdout, process.stderr, {}),
  env: {},
  url: null,
  exitCode: 0,
  ask: null,
});
const tree = commandTree(program);
const leaves = allCommands(tree).filter(({ children }) => children.length === 0);

test("the table has every verb of the command line, and no other", () => {
  expect(Object.keys(VERBS).toSorted()).toEqual(leaves.map(({ path }) => path.join(" ")).toSorted());
});

test.each(allCommands(tree).map(({ path }) => path.join(" ")))(
  "help of `%s` fits into 80 columns",
  async (path) => {
    const help = await warmpool([...path.split(" ").filter(Boolean), "--help"], { terminal: 80 });
    expect(help).toMatchObject({ code: 0, stderr: "" });
    expect(help.stdout).toMatch(/^Usage: warmpool/);
    expect(longest(help.stdout)).toBeLessThanOrEqual(80);
  },
);

test("help: a default is called one, and so is what is required", () => {
  const about = allCommands(tree).flatMap(({ path, options }) =>
    options.map(({ flags, description }) => ({ flags: [...path, flags].join(" "), description })),
  );
  // A number, a path or a name alone in parentheses, such as `(50)` or `(.warmpool/relay)`.
  const bare = about.filter(({ description }) => /\((\d[^)]*|\.?[a-z]+(\/[a-z]+)*)\)$/.test(description));
  expect(bare).toEqual([]);
  const mandatory = mandatoryOf(program);
  expect(mandatory.length).toBeGreaterThan(2);
  expect(mandatory.filter(({ description }) => !description.includes("required"))).toEqual([]);
});

function mandatoryOf(command: Command): { flags: string; description: string }[] {
  const own = command.options.filter(({ mandatory }) => mandatory);
  return [
    ...own.map(({ flags, description }) => ({ flags: `${command.name()} ${flags}`, description })),
    ...command.commands.flatMap(mandatoryOf),
  ];
}

const runs = Object.entries(VERBS).flatMap(([verb, one]) => ("does" in one ? [{ verb, ...one }] : []));
const reads = runs.filter(({ does }) => does === "read");
const changes = runs.filter(({ does }) => does === "change");

/** Printed where it is piped: within the columns that COLUMNS says, without colours. */
async function expectPlain(at: Place, { verb, words }: Run & { verb: string }) {
  const ran = await warmpool([...verb.split(" "), ...(await words(at))], {
    url: at.url,
    env: { COLUMNS: "80" },
  });
  expect(ran.code, `${verb}: ${ran.stderr}`).toBe(0);
  expect(ran.stdout + ran.stderr, verb).not.toContain("\u001b");
  expect(longest(withoutCommands(ran.stdout)), `${verb}: ${ran.stdout}`).toBeLessThanOrEqual(80);
  expect(longest(withoutCommands(ran.stderr)), `${verb}: ${ran.stderr}`).toBeLessThanOrEqual(80);
}

/** A command line that is there to be copied stays on one line of its own, however long its names are. */
function withoutCommands(text: string): string {
  return text.replaceAll(/^`[^`]+`[.;]?$/gm, "");
}

/** `--json` prints exactly what the API answered, to the last call where it takes several. */
async function expectAnswer(at: Place, { verb, words }: Run & { verb: string }) {
  const given = await words(at);
  await using recorded = await recorder(at.url);
  const ran = await warmpool(["--json", ...verb.split(" "), ...given], { url: recorded.url });
  expect(ran.code, `${verb}: ${ran.stderr}`).toBe(0);
  expect(JSON.parse(ran.stdout), verb).toEqual(recorded.answers.at(-1));
}

test("what reads fits into 80 columns, and prints with --json what the API answers", async () => {
  await using at = await place();
  for (const one of reads) {
    await expectPlain(at, one);
    await expectAnswer(at, one);
  }
});

test.each(oneIn(3, changes))("`$verb` fits into 80 columns", async (one) => {
  await using at = await place();
  await expectPlain(at, one);
});

test("at 80 columns every list has whole what it is read for: names, states, reasons, and who it was", async () => {
  await using at = await place();
  const { client } = at;
  await client.node.drain.mutate({ name: NODE });
  await client.token.create.mutate({ name: "n".repeat(60), role: "app" });
  await client.recipe.put.mutate({ ...RECIPE, params: {} });
  await client.pool.default.mutate({ name: POOL });
  const [nodes, machines, testers, events, timeline, tokens] = await Promise.all([
    client.node.list.query(),
    client.machine.list.query({}),
    client.tester.list.query({}),
    client.event.list.query({ limit: 500 }),
    client.machine.timeline.query({ id: at.held }),
    client.token.list.query(),
  ]);
  const wanted: Record<string, (string | null | undefined)[]> = {
    "node list": nodes.flatMap(({ name, state }) => [name, state, "enrolled, draining"]),
    "machine list": machines.items.flatMap(({ name, state, assignment, access }) => [
      ...[name, state, assignment?.username, access === null ? null : `${access.host}:${access.port}`],
    ]),
    "tester list": testers.items.flatMap(({ username, state, machine }) => [username, state, machine?.name]),
    "events --limit 500": events.items.flatMap(({ reason, actor, machineName }) => [
      ...[reasonText(reason), actor, machineName],
    ]),
    [`machine timeline ${at.held}`]: timeline.items.flatMap(({ reason, actor }) => [
      reasonText(reason),
      actor,
    ]),
    "token list": tokens.flatMap(({ name, role, state }) => [name, role, state]),
    "pool list": [POOL, "default"],
    "recipe versions plain": ["current"],
    capacity: nodes.map(({ name }) => name),
    status: [POOL, "default", ...nodes.map(({ name }) => name), "enrolled, draining"],
  };
  for (const [line, texts] of Object.entries(wanted)) {
    const { stdout } = await warmpool(line.split(" "), { url: at.url, terminal: 80, env: { NO_COLOR: "1" } });
    expect(longest(withoutCommands(stdout)), stdout).toBeLessThanOrEqual(80);
    for (const text of texts) if (typeof text === "string") expect(stdout, line).toContain(text);
  }
});

// One mechanism prints them all.
test.each(oneIn(3, changes))("`$verb --json` prints what the API answers", async (one) => {
  await using at = await place();
  await expectAnswer(at, one);
});

test("whatever comes in its answers, no verb gives a terminal what it would obey", async () => {
  await using at = await place();
  await using altered = await recorder(at.url, hostile);
  // Together in one place: a verb that fails there shows its error, which is foreign as well.
  for (const { verb, words } of oneIn(2, runs)) {
    const given = await words(at);
    for (const [json, terminal] of [
      [[], 80],
      [[], undefined],
      [["--json"], undefined],
    ] as const) {
      const options = { url: altered.url, ...(terminal === undefined ? {} : { terminal }) };
      const ran = await warmpool([...json, ...verb.split(" "), ...given], options);
      // A log is text of many lines; nothing else is.
      const stdout = verb === "log" ? ran.stdout.replaceAll("\nINJECTED", "") : ran.stdout;
      expect(obeyed(stdout), `${verb} ${json[0]}: ${JSON.stringify(stdout)}`).toEqual([]);
      expect(obeyed(ran.stderr), `${verb} ${json[0]}: ${JSON.stringify(ran.stderr)}`).toEqual([]);
      expect(ran.stderr, verb).not.toMatch(/RangeError|TypeError|undefined/);
      if (json.length === 0 || ran.code !== 0) continue;
      expect(ran.stdout, verb).not.toMatch(/[^\n\P{Cc}]|\p{Cf}/u);
      expect(JSON.parse(ran.stdout), verb).toEqual(altered.answers.at(-1));
    }
  }
  for (const words of [
    ["doctor"],
    ["--json", "doctor"],
    ["--hostile\u009b", "status"],
    ["tester", "a\u202e\nb"],
  ]) {
    const ran = await warmpool([...words, "--state-dir", at.folder], { url: altered.url, terminal: 80 });
    expect(obeyed(ran.stdout + ran.stderr), words.join(" ")).toEqual([]);
  }
});

/** What changes something and prints a record: the others confirm it in a sentence, and have no columns. */
const RECORDS = new Set(["assign", "tester link", "dashboard", "pool put", "sweep", "token create"]);
/** Text without rows. */
const TEXTS = new Set(["log", "pool plan"]);

test("-o csv, -o wide, --columns and -o yaml: whatever comes in an answer → every column, and nothing to obey", async () => {
  await using at = await place();
  await using altered = await recorder(at.url, hostile);
  for (const { verb, words, does } of runs) {
    if (does === "read" ? TEXTS.has(verb) : !RECORDS.has(verb)) continue;
    const given = [...verb.split(" "), ...(await words(at))];
    const run = (...form: string[]) => warmpool([...given, ...form], { url: altered.url });
    const csv = await run("-o", "csv");
    expect(csv.code, `${verb}: ${csv.stderr}`).toBe(0);
    expect(obeyed(csv.stdout.replaceAll("\r\n", "")), verb).toEqual([]);
    const [heads = ""] = csv.stdout.split("\r\n");
    expect(heads, verb).toMatch(/^[A-Z ]+(,[A-Z ]+)*$/);
    if (does === "change") continue;
    const wide = await run("-o", "wide");
    expect(
      wide.stdout
        .split("\n")[0]
        ?.split(/ {2,}/)
        .map((head) => head.trim()),
      verb,
    ).toEqual(heads.split(","));
    expect(obeyed(wide.stdout), verb).toEqual([]);
    const [last = ""] = heads.split(",").toReversed();
    const one = await run("--columns", last, "--no-headers");
    expect(one.code, `${verb}: ${one.stderr}`).toBe(0);
    expect(one.stdout, verb).not.toContain(`${last}\n`);
    const whole = await run("--output", "yaml");
    expect(obeyed(whole.stdout), verb).toEqual([]);
    expect(parse(whole.stdout), verb).toEqual(altered.answers.at(-1));
  }
});

test.each(leaves.map(({ path }) => path.join(" ")).filter((verb) => "does" in (VERBS[verb as never] ?? {})))(
  "`%s --columns` → refused before anything is asked, with the columns if the verb has some",
  async (verb) => {
    const at = { url: "http://127.0.0.1:9" };
    const needed = { assign: ["u", "--key", "f"], extend: ["u", "--ttl", "1h"] }[verb] ?? [];
    const leaf = leaves.find(({ path }) => path.join(" ") === verb);
    const words =
      needed.length > 0
        ? needed
        : (leaf?.arguments ?? []).filter(({ name }) => name.startsWith("<")).map(() => "x");
    const options = verb === "recipe rollback" ? ["--to", "abcd"] : [];
    const ran = await warmpool([...verb.split(" "), ...words, ...options, "--columns", "NONE"], at);
    expect(ran).toMatchObject({ code: 2, stdout: "" });
    expect(unwrapped(ran.stderr)).toMatch(
      hasTable(verb)
        ? /there is no column NONE\. The columns are [A-Z]+/
        : /prints no table, so it does not take --columns/,
    );
  },
);

function hasTable(verb: string): boolean {
  return RECORDS.has(verb) || (reads.some((one) => one.verb === verb) && !TEXTS.has(verb));
}

test("without a Warmpool to talk to every verb fails in words, and prints nothing", async () => {
  await using at = await place();
  for (const { verb, words } of runs) {
    const ran = await warmpool([...verb.split(" "), ...(await words(at))], { url: "http://127.0.0.1:9" });
    expect(ran, verb).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr, verb).toMatch(/^warmpool: cannot reach http:\/\/127\.0\.0\.1:9: /);
  }
});

/** A pool with a tester who has a machine, one that is held, and one that is ready; a second node without machines. */
async function place(): Promise<Place> {
  const folder = await temporaryFolder();
  const at = await installation({ name: POOL, targetSize: 3, maxSize: 6 }, furnish);
  const { items } = await at.client.machine.list.query({});
  const [machine, held] = ["ready", "held"].map((state) => items.find((one) => one.state === state)?.name);
  if (machine === undefined || held === undefined) throw new Error("the pool has too few machines");
  return {
    ...at,
    folder: folder.path,
    machine,
    held,
    [Symbol.asyncDispose]: async () => {
      await at[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const furnish: Furnish = async (client, relay) => {
  await client.tester.assign.mutate({ username: TESTER, sshKeys: [KEY_A] });
  await relay.workOff();
  await client.node.enroll.mutate({ name: NODE });
  const [held] = (await client.machine.list.query({ state: "ready" })).items;
  if (held === undefined) throw new Error("the pool has too few machines");
  await client.machine.hold.mutate({ id: held.name });
  await client.sweep.run.mutate();
};

/** A recipe that nobody uses, of two versions; the first of them. */
async function unusedRecipe({ client }: Place): Promise<string> {
  const [first] = [
    await client.recipe.put.mutate({ ...RECIPE, name: "unused" }),
    await client.recipe.put.mutate({ ...RECIPE, name: "unused", params: {} }),
  ];
  return first.version;
}

async function file({ folder }: Place, name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}
