import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { inject } from "vitest";
import { z } from "zod";
import { CASES } from "../../../src/relay/conformance/cases.ts";
import { checkProgram } from "../../../src/relay/conformance/check.ts";
import type { CheckOptions, CheckReport } from "../../../src/relay/conformance/check.ts";
import { TIMEOUTS } from "../../../src/relay/drivers/exec/timeouts.ts";
import { localDriver } from "../../../src/relay/drivers/local/driver.ts";
import { endAllOf } from "../../../scripts/leash/belonging.ts";
import { script } from "../drivers/exec/script.ts";
import { deadline } from "../../helpers/patience.ts";

const owner = z.object({ installation: z.string(), node: z.string() });

/** A driver program with machines of its own: all that is left of them is deleted in the end, whosever it is. */
export type Program = AsyncDisposable & { path: string; folder: string };

/**
 * The program of the local driver with something broken in front of it: `body` is shell that sees the command as `$1`
 * and calls `real` for what it leaves as it is.
 */
export async function programOf(body = ""): Promise<Program> {
  // Not "$1" alone: what is broken may begin with calls of its own.
  const local = `'${process.execPath}' '${inject("programs").localDriver}' "$@"`;
  const under = await script(
    `export folder WARMPOOL_LOCAL_MACHINES="$folder/machines"\nreal() { ${local}; }\n${body}\nexec ${local}`,
  );
  const machines = join(under.folder, "machines");
  await mkdir(machines);
  return {
    path: under.path,
    folder: under.folder,
    async [Symbol.asyncDispose]() {
      await removeAll(machines);
      // A call that the check gave up would make the folder anew.
      await endAllOf(under.folder);
      await under[Symbol.asyncDispose]();
    },
  };
}

/** Checks the program with the cases of these ids. */
export function check(
  program: Program,
  ids: string[],
  options: Partial<CheckOptions> = {},
): Promise<CheckReport> {
  return checkProgram({
    program: program.path,
    timeouts: TIMEOUTS,
    cases: CASES.filter(({ id }) => ids.includes(id)),
    settings: {
      shape: { vcpus: 1, memoryMib: 256, diskGib: 1 },
      image: "local",
      instanceType: "container",
      bootSeconds: 30,
    },
    signal: new AbortController().signal,
    ...options,
  });
}

async function removeAll(root: string): Promise<void> {
  const records = (await readdir(root, { recursive: true })).filter((path) =>
    /^[^/]+\/machine\.json$|^\.limbo-[^/]+\/[^/]+\/machine\.json$/.test(path),
  );
  for (const record of records) {
    const { installation, node } = owner.parse(JSON.parse(await readFile(join(root, record), "utf8")));
    const driver = localDriver({ root, installation, node, hide: [] });
    const signal = deadline(30);
    for (const { name } of (await driver.list(signal)).machines) await driver.delete(name, signal);
  }
}
