import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { escaped } from "../contract/foreign.ts";
import { stretched } from "../relay/time/fairTime.ts";
import { buildDashboard } from "./dashboardBuild.ts";
import { chooseDriver, saidOf } from "./driver.ts";
import type { Chosen } from "./driver.ts";
import { emptyPools } from "./empty.ts";
import type { Emptied } from "./empty.ts";
import { watchFill } from "./fill.ts";
import { madeBy, openFolder } from "./folder.ts";
import type { StackFolder } from "./folder.ts";
import { lockFolder } from "./lock.ts";
import { readOptions, sameStack } from "./options.ts";
import type { StackOptions } from "./options.ts";
import { hasJoined } from "./ownRelay.ts";
import { farewell, livingMachines } from "./remains.ts";
import { stopSignal } from "./signals.ts";
import { createStack } from "./stack.ts";
import type { Stack } from "./stack.ts";

/** `npm start`: a whole Warmpool on this machine, until Ctrl-C. */
const DRIVER_SECONDS = 15;
/** How long a later start waits for a pool that does not get on, in seconds of a quiet host. */
const HINDERED_SECONDS = 10;
const say = (line: string) => console.log(escaped(line));
const complain = (text: string) => console.error(escaped(text, "\n"));

/** For this process and all that it starts: what other users must reach is not left to the shell's own. */
const UMASK = 0o022;

async function main(args: string[]): Promise<number> {
  process.umask(UMASK);
  const options = readOptions(args);
  if (process.platform !== "linux")
    throw new Error("npm start requires Linux: machines and supervision use /proc.");
  const before = madeBy(options.stateDir);
  if (options.destroyNow && before === null) {
    say(`There is no stack in ${options.stateDir}, so there is nothing to delete.`);
    return 0;
  }
  const chosen = await chooseDriver(
    options.driver,
    before,
    AbortSignal.timeout(stretched(DRIVER_SECONDS * 1000)),
  );
  // A reader that is gone (a closed terminal, `| head`) is no reason to leave machines behind.
  process.stdout.on("error", () => undefined);
  const folder = openFolder(options.stateDir, chosen);
  const lock = await lockFolder(folder.path);
  const stack = createStack(folder, options, say);
  const stop = stopSignal(() => {
    stack.kill();
    complain("Stopped immediately: machines may be left running. The next npm start finds them.");
    process.exit(1);
  });
  try {
    if (options.destroyNow) await stack.start(stop);
    else await serve(stack, options, chosen, before === null, stop);
  } catch (error) {
    if (!stop.aborted) {
      await stack.stop();
      throw error;
    }
  }
  const code = await shutDown(stack, folder, options);
  lock.release();
  return code;
}

/** Serves until it is stopped. */
async function serve(
  stack: Stack,
  options: StackOptions,
  chosen: Chosen,
  isFirst: boolean,
  stop: AbortSignal,
): Promise<void> {
  for (const line of saidOf(chosen, process.geteuid?.() === 0)) say(line);
  const hasDashboard = await buildDashboard(say, stop);
  await stack.start(stop);
  const tellPool = (line: string) => say(`Pool demo: ${line}`);
  // A later start has machines to serve, whether or not new ones can be made.
  const isFull = await watchFill(stack.admin, tellPool, stop, isFirst ? null : HINDERED_SECONDS);
  if (!isFull) say("The pool demo cannot fill now; it will once the problem is fixed");
  await sayReady(stack, options, hasDashboard);
  await new Promise((resolve) => stop.addEventListener("abort", resolve, { once: true }));
}

/** Takes down what nobody holds, then the parts; 1 where something that should be gone was not proven gone. */
async function shutDown(stack: Stack, folder: StackFolder, options: StackOptions): Promise<number> {
  const which = options.destroy ? "all machines" : "unassigned machines";
  say(options.destroyNow ? `Deleting ${which}` : `Stopping: deleting ${which}`);
  let emptied: Emptied | null = null;
  let problem: string | null = null;
  if (stack.canTakeDown()) {
    try {
      const assigned = options.destroy ? "release" : "keep";
      emptied = await emptyPools(stack.admin, folder, assigned, say, AbortSignal.timeout(stretched(300_000)));
    } catch (error) {
      problem = `The machines could not be deleted: ${wordsOf(error)}`;
    }
  }
  const couldHave = hasJoined(folder);
  await stack.stop();
  const { said, complaint, code } = farewell({
    emptied,
    problem,
    living: livingMachines(folder),
    project: folder.memory().driver === "incus" ? folder.memory().incus.project : null,
    hasJoined: couldHave,
    sameStack: sameStack(options),
  });
  for (const line of said) say(line);
  if (complaint !== null) complain(complaint);
  return code;
}

async function sayReady(stack: Stack, options: StackOptions, hasDashboard: boolean): Promise<void> {
  // An edge that is just being started again makes none; a person gets another link by the verb.
  const link = hasDashboard ? await stack.admin.session.link.mutate().catch(() => null) : null;
  say(`Warmpool is ready at ${stack.url}`);
  if (hasDashboard) say(`Dashboard: ${link?.url ?? `npx warmpool dashboard${sameStack(options)}`}`);
  if (!existsSync(join(homedir(), ".ssh/id_ed25519.pub")))
    say("You have no SSH key at ~/.ssh/id_ed25519.pub. To make one: ssh-keygen -t ed25519");
  say(`Next: npx warmpool assign alice --key ~/.ssh/id_ed25519.pub --wait${sameStack(options)}`);
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exit(await main(process.argv.slice(2)));
  } catch (error) {
    complain(`npm start: ${wordsOf(error)}`);
    process.exit(1);
  }
}
