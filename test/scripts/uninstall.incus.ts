import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { incusHoldings } from "../../scripts/leftovers/incus.ts";
import { deadline } from "../helpers/patience.ts";

/** What the install scripts made goes again, and nothing else. In names of its own beside the real ones. */
const NAME = `wp-uninstall-${process.pid}`;
const NAMES = { WARMPOOL_INCUS_PROJECT: NAME, WARMPOOL_INCUS_POOL: NAME, WARMPOOL_INCUS_PROFILE: NAME };
const run = promisify(execFile);

test("uninstall: a project with machines is refused; then it goes with its pool, and all else stays", async () => {
  const before = await incusHoldings();
  await script("install-incus.sh");
  await incus("init", "--empty", "m1", "--project", NAME, "--profile", NAME);
  await expect(script("uninstall-incus.sh", "--yes")).rejects.toThrow(/testers may be at work on them: m1\./);
  await expect(script("uninstall-incus.sh", "--machines")).rejects.toThrow(/give --yes if this is meant/);
  const { stdout } = await script("uninstall-incus.sh", "--yes", "--machines");
  expect(stdout).toMatch(/Left as it is: Incus itself .*project warmpool, /);
  expect(await incusHoldings()).toEqual(before);
});

test("uninstall: a project and a pool that were there before stay", async () => {
  await incus("project", "create", NAME);
  await incus("storage", "create", NAME, "dir");
  try {
    const { stdout } = await script("uninstall-incus.sh", "--yes", "--machines");
    expect(stdout).toMatch(new RegExp(`Left as it is: .*project ${NAME}, .*storage pool ${NAME}`));
    await incus("project", "show", NAME);
    await incus("storage", "show", NAME);
  } finally {
    await incus("project", "delete", NAME);
    await incus("storage", "delete", NAME);
  }
});

/** Rejects with what it said if it fails. */
function script(name: string, ...args: string[]) {
  const path = fileURLToPath(new URL(`../../scripts/${name}`, import.meta.url));
  const env = { ...process.env, ...NAMES, WARMPOOL_INCUS_POOL_GIB: "3" };
  return withoutInput("sh", [path, ...args], env);
}

const incus = (...args: string[]) => withoutInput("incus", args, process.env);

/** The client would take what comes on standard input for configuration. */
function withoutInput(program: string, args: string[], env: NodeJS.ProcessEnv) {
  const ran = run(program, args, { env, signal: deadline(120) });
  ran.child.stdin?.end();
  return ran;
}
