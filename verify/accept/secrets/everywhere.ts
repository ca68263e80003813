import { join } from "node:path";
import { until } from "../../../test/helpers/until.ts";
import { POOL } from "../../harness/part.ts";
import { listMachines } from "../../harness/pools.ts";
import type { Report } from "../../harness/report.ts";
import type { Stack } from "../../harness/stack.ts";
import { lookThroughAnswers } from "./answers.ts";
import type { Asking } from "./asking.ts";
import { lookThroughDatabase } from "./database.ts";
import { type Look, lookThrough, lookThroughFiles, nothingFound } from "./finding.ts";
import type { Hook } from "./hook.ts";
import type { Planted } from "./planted.ts";

export type Scene = {
  report: Report;
  stack: Stack;
  stateDir: string;
  hook: Hook;
  secret: Planted;
  /** Beside every secret, and none. */
  control: Planted;
  asking: Asking;
  testers: readonly string[];
};

/**
 * Every place that lasts, one check a place.
 * @param aside files of the state folder in which it may be found: local machines lie there, with what is at work on them
 */
export async function lookEverywhere(scene: Scene, when: string, aside: RegExp | null): Promise<void> {
  const { report, stack, stateDir, testers, secret, asking, hook } = scene;
  const places: [name: string, look: () => Promise<Look> | Look][] = [
    ["the database", () => lookThroughDatabase(secret, stack.local().databaseUrl)],
    [
      "what the API tells",
      async () => {
        const machines = [
          ...(await listMachines(stack.admin, POOL)),
          ...(await listMachines(stack.admin, POOL, "deleted")),
        ].map(({ id }) => id);
        const subjects = { pool: POOL, testers, machines };
        return lookThroughAnswers(secret, stack.local(), stack.admin, subjects);
      },
    ],
    [
      "what was answered to testers",
      () => ({ what: `${asking.answers.length} answers`, findings: lookThrough(secret, asking.answers) }),
    ],
    [
      "the webhook's messages",
      async () => {
        await until("the webhook to have told something", () => hook.messages.length > 0, { seconds: 30 });
        const texts = hook.messages.map((text): [string, string] => ["a message", text]);
        return { what: `${texts.length} messages`, findings: lookThrough(secret, texts) };
      },
    ],
    ["the logs", () => lookThroughFiles(secret, join(stateDir, "logs"))],
    [
      "the state folder, Postgres' files and the relay's among them",
      () => {
        const { what, findings } = lookThroughFiles(secret, stateDir);
        return {
          what,
          findings: findings.filter(({ place }) => aside === null || !aside.test(place)),
        };
      },
    ],
  ];
  for (const [name, look] of places) {
    await report.check(`${when} it is not in ${name}`, async () => {
      const { what, findings } = await look();
      nothingFound(findings);
      return what;
    });
  }
}
