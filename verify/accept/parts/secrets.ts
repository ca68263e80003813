import { statSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../../test/helpers/until.ts";
import type { Assignment } from "../../harness/interface.ts";
import { type Context, freePort, type Part, POOL, started } from "../../harness/part.ts";
import { putPoolLike, untilFull } from "../../harness/pools.ts";
import { run } from "../../harness/program.ts";
import { Asking } from "../secrets/asking.ts";
import { lookThroughDatabase } from "../secrets/database.ts";
import { lookEverywhere, type Scene as Everywhere } from "../secrets/everywhere.ts";
import { lookThroughFiles, nothingFound } from "../secrets/finding.ts";
import { type Hook, startHook } from "../secrets/hook.ts";
import { lookThroughMachine } from "../secrets/machines.ts";
import { Planted } from "../secrets/planted.ts";
import { GO_ON, ILL_WORDS, LICENSE_RECIPE, sumOf, writeLicenseRecipe } from "../secrets/recipe.ts";
import { refusals } from "../secrets/refusals.ts";
import { ProcessWatcher } from "../secrets/watcher.ts";
import { startServer } from "../server.ts";
import { becomesActive, statusOf } from "../setups.ts";
import { type Key, makeKey, ssh } from "../../harness/sshClient.ts";
import type { Stack } from "../../harness/stack.ts";

/**
 * Secret parameters come in by every way there is, are used, and are looked for in every place there is: rows, logs,
 * answers, events, messages, processes, files. A text beside them that is no secret shows that the search can find.
 */
const WELL = ["ann", "cid", "dot"] as const;
const ILL = "ben";
const TESTERS = [...WELL, ILL];
const SETUP_SECONDS = 90;
/** Where a machine has a secret while it is being set up. */
const AT_WORK = /\/setup\/[^/]+\/secrets\/license$/;

export const secrets: Part = { name: "secrets", title: "A planted secret is nowhere to be found", show };

/** `key` is every tester's. */
type Scene = Everywhere & Context & { key: Key };

async function show(context: Context): Promise<void> {
  const hook = await startHook();
  try {
    await showWith(context, hook);
  } finally {
    await hook.close();
  }
}

async function showWith(context: Context, hook: Hook): Promise<void> {
  const { report, folder } = context;
  const sizes = { targetSize: TESTERS.length, sweepSeconds: 10 };
  const { stack, options } = await started(context, sizes, hook.env);
  const { stateDir, logFile } = options;
  const [secret, control] = [new Planted(), new Planted()];
  const key = await makeKey(folder, "own");
  const asking = new Asking(stack.local(), stack.app, key, secret, control);
  const scene: Scene = { ...context, stack, stateDir, hook, secret, control, asking, testers: TESTERS, key };
  await report.check("the pool takes a recipe with secret parameters", async () => {
    const source = await writeLicenseRecipe(folder);
    const ran = await run("npx", ["warmpool", "recipe", "push", source, "--state-dir", stateDir]);
    if (ran.code !== 0) throw new Error(`recipe push ended with ${ran.code}: ${ran.stderr}`);
    await putPoolLike(stack.admin, POOL, { recipe: LICENSE_RECIPE });
    await untilFull(stack.admin, POOL, TESTERS.length, 90);
  });

  const secondLog = join(folder, "server.log");
  const second = await report.check("a second edge has the same key", async () =>
    startServer(stack.local(), await freePort(), secondLog),
  );

  const watcher = new ProcessWatcher(secret, control);
  watcher.start();
  try {
    await liveThrough(scene, second.url);
  } finally {
    await watcher.stop();
    await second.stop();
  }
  await report.check("no process had it in its arguments or its environment", () => judge(scene, watcher));
  await lookEverywhere(scene, "in the end", null);
  await report.check("the same search finds what is no secret in the database", async () => {
    const { findings } = await lookThroughDatabase(control, stack.local().databaseUrl);
    if (findings.length === 0) throw new Error("it does not, so it would find no secret either");
    return `in ${findings.length} rows`;
  });
  await report.check("SIGTERM ends it and tears every machine down", () => stack.stop("sigterm"));
  await report.check("it is not in what is left behind, nor in what both edges have printed", () => {
    const left = lookThroughFiles(secret, stateDir);
    const logs = [logFile, secondLog].flatMap((file) => lookThroughFiles(secret, file).findings);
    nothingFound([...left.findings, ...logs]);
    return left.what;
  });
}

/** From the first time that a secret comes to the release of the last one that was not used well. */
async function liveThrough(scene: Scene, secondUrl: string): Promise<void> {
  const { report, folder, stack, stateDir, secret, asking } = scene;
  const byCommand = asking.byCommand("dot", folder, stateDir);
  // Waited for below; until then its end is nobody's surprise.
  byCommand.catch(() => undefined);
  await report.check(
    "secrets come by tRPC, by HTTP under a key to two edges, and by the command line",
    async () => {
      // A command takes its time to start, and all four are to be at work together.
      await until("the command to have asked", () => statusOf(stack.app, "dot"), { seconds: 30 });
      await asking.byRpc("ann");
      await asking.byRpc(ILL, { end: "ill" });
      for (const url of [secondUrl, stack.local().url]) {
        const status = await asking.byHttp(url, "cid", "cid-asks");
        if (status !== 200) throw new Error(`${url} answered ${status}`);
      }
    },
  );
  await report.check("in mid set-up a secret is one file of its machine, for root alone", () =>
    atWork(scene),
  );
  await lookEverywhere(scene, "in mid set-up", AT_WORK);
  await report.check("what is refused is refused without a word of it", () =>
    refusals(asking, secret, stack.local().url),
  );

  await report.check("the set-ups are let go on", () => goOn(scene));
  for (const username of WELL) {
    await report.check(`${username}'s set-up has used its own secret`, async () => {
      if (username === "dot") await byCommand;
      await becomesActive(stack.app, username);
      const { outputs } = await statusOf(stack.app, username);
      if (outputs["sum"] !== sumOf(asking.license(username))) throw new Error("it has used another one");
    });
  }
  for (const attempt of [1, 2]) {
    await report.check(
      `${ILL}'s set-up has failed, ${attempt} of 2, and its machine forgets it`,
      async () => {
        const failed = await hasFailed(scene, attempt);
        const looked = await machineHasNothing(scene, failed);
        if (attempt === 1) await asking.change("tester.retry", ILL);
        return looked;
      },
    );
  }
  await report.check("a machine that is set up forgets it", async () =>
    machineHasNothing(scene, await statusOf(stack.app, "ann")),
  );
  await report.check("the same secret again is no other, another one is a CONFLICT", async () => {
    await asking.byRpc("ann");
    const code = await asking.refused("ann", { license: secret.value("later") });
    if (code !== "CONFLICT") throw new Error(`another one is answered ${code}`);
  });
  await report.check(`${ILL} is released`, () => asking.change("tester.release", ILL));
}

async function atWork({ stack, secret, driver, stateDir }: Scene): Promise<string> {
  const { machine } = await usesSecret(stack, "ann");
  const { what, findings } = await lookThroughMachine(secret, driver, stateDir, machine);
  const [first, ...rest] = findings;
  if (first === undefined || rest.length > 0 || !AT_WORK.test(first.place))
    throw new Error(`it is in: ${findings.map(({ place }) => place).join(", ") || "none"}`);
  if (driver === "local" && (statSync(first.place).mode & 0o777) !== 0o600)
    throw new Error(`others can read ${first.place}`);
  return what;
}

/** Each tester logs in, which their account allows by now. */
async function goOn({ stack, key }: Scene): Promise<void> {
  for (const username of TESTERS) {
    const { machine } = await usesSecret(stack, username);
    const ran = await ssh(machine, username, key, `touch ${GO_ON}`);
    if (ran.code !== 0) throw new Error(`${username}'s ssh ended with ${ran.code}: ${ran.stderr}`);
  }
}

/** Waits until the set-up has the secret, which it uses until it is let go on. */
async function usesSecret(stack: Stack, username: string) {
  const { machine } = await until(
    `${username}'s set-up to use its secret`,
    async () => {
      const found = await statusOf(stack.app, username);
      if (found.state === "setting_up" && found.outputs["sum"] !== undefined) return found;
      throw new Error(`it is ${found.state}: ${found.error?.message ?? JSON.stringify(found.setup)}`);
    },
    { seconds: SETUP_SECONDS, everyMs: 200 },
  );
  if (machine === null) throw new Error(`${username} has no machine`);
  return { machine };
}

async function hasFailed({ stack }: Scene, attempt: number): Promise<Assignment> {
  const failed = await until(
    `${ILL}'s set-up to fail`,
    async () => {
      const found = await statusOf(stack.app, ILL);
      if (found.state === "failed" && found.setup?.attempt === attempt) return found;
      throw new Error(`it is ${found.state}: ${JSON.stringify(found.setup)}`);
    },
    { seconds: SETUP_SECONDS, everyMs: 200 },
  );
  if (failed.error?.message.includes(ILL_WORDS) !== true)
    throw new Error(`it does not say why: ${failed.error?.message}`);
  return failed;
}

async function machineHasNothing(
  { driver, stateDir, secret }: Scene,
  { machine }: Assignment,
): Promise<string> {
  if (machine === null) throw new Error("there is no machine");
  const { what, findings } = await lookThroughMachine(secret, driver, stateDir, machine);
  nothingFound(findings);
  return what;
}

async function judge({ stack }: Scene, watcher: ProcessWatcher): Promise<string> {
  nothingFound(watcher.findings);
  for (const username of TESTERS) {
    const { id } = await statusOf(stack.app, username);
    if (!watcher.hasSeenSetupOf(id)) throw new Error(`no process of ${username}'s set-up was seen`);
  }
  const { samples, processes, controls } = watcher.counts;
  if (controls === 0) throw new Error("nor was what is no secret, so this search would find nothing");
  return `${samples} samples of ${processes} processes; what is no secret was seen ${controls} times`;
}
