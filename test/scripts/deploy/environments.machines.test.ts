import { expect, test } from "vitest";
import { settingsProblems, workerSettings } from "../../../scripts/deploy/settings.ts";
import { readSettings } from "../../../scripts/deploy/wrangler.ts";
import { atNight, isNight } from "../../helpers/nightly.ts";

/** wrangler.toml as wrangler itself reads it. */

test.each(atNight(["production", "staging"]))(
  "the environment %s: it has all that a deploy wants",
  async (environment) => {
    expect(settingsProblems(workerSettings.parse(await readSettings(environment)))).toEqual([]);
  },
);

test.runIf(isNight)(
  "an environment that is not there: said with those that are, and without a stack",
  async () => {
    const refusal = await readSettings("nope").catch((error: unknown) => String(error));
    expect(refusal).toMatch(/No environment found .* "nope"/);
    expect(refusal).toContain("staging");
    expect(refusal).not.toMatch(/^\s+at /m);
  },
);
