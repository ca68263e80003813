import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { processes } from "../../scripts/proc.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { until } from "../helpers/until.ts";

/** How the scripts that build images are ended, by their deadline and by a person. */
const SCRIPTS = fileURLToPath(new URL("../../scripts", import.meta.url));
/** As apt does it with dpkg: a session of its own, which no signal to a group reaches. The number is the test's own. */
const ESCAPED = (seconds: string) =>
  `setsid sh -c 'trap "" TERM INT HUP; sleep ${seconds}; :' & sleep ${seconds}; :`;
const isRoot = process.geteuid?.() === 0;

test.runIf(isRoot).each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s while a step runs → nothing of the step is left, and what is done last is done",
  async (signal) => {
    await using folder = await temporaryFolder();
    const seconds = `9${process.pid}.${signal.length}${signal.charCodeAt(3)}`;
    const last = join(folder.path, "last");
    const program = script(
      `on_end 'touch ${last}'; apart sh -c '${ESCAPED(seconds).replaceAll("'", `'\\''`)}'`,
    );
    await until("both sleeps to run", () => sleeping(seconds) === 2);
    program.child.kill(signal);
    expect(await program.ended).toEqual({ SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }[signal]);
    expect(sleeping(seconds)).toBe(0);
    expect(existsSync(last)).toBe(true);
  },
);

test.runIf(isRoot)(
  "a step beyond its deadline is ended with all that it started, and the script goes on",
  async () => {
    const seconds = `8${process.pid}`;
    const program = script(
      `apart sh -c '${ESCAPED(seconds).replaceAll("'", `'\\''`)}' || echo "ended: $status"`,
      "1",
    );
    expect(await program.ended).toBe(0);
    expect(program.said()).toMatch(/(?:^|\n)ended: (?:124|137)\n$/);
    expect(sleeping(seconds)).toBe(0);
  },
);

test.each(["0", "ten", "-1", "1.5"])("WARMPOOL_BUILD_SECONDS=%s → one sentence", async (seconds) => {
  const program = script("echo began", seconds);
  expect(await program.ended).toBe(1);
  expect(program.said()).toBe(
    `sh: WARMPOOL_BUILD_SECONDS is '${seconds}': it takes a whole number of seconds, 1 at least\n`,
  );
});

/** A script that sources what the builds source. */
function script(body: string, seconds = "600") {
  const text = `set -eu; . ${SCRIPTS}/debian-archive.sh; . ${SCRIPTS}/interruptible.sh; ${body}`;
  const env = { ...process.env, WARMPOOL_BUILD_SECONDS: seconds };
  const child = spawn("sh", ["-c", text, "sh"], { env, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (said += String(part)));
  const ended = once(child, "exit").then(([code]) => code as number | null);
  return { child, ended, said: () => said };
}

function sleeping(seconds: string): number {
  return processes().filter(({ command }) => command === `sleep ${seconds}`).length;
}
