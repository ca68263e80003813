import { expect, test } from "vitest";
import { ADMIN_TOKEN } from "../../api/edges.ts";
import { testDb } from "../../helpers/db.ts";
import { warmpoolProcess } from "../process.ts";
import { isNight } from "../../helpers/nightly.ts";

/** `warmpool server`: the edge as a process of its own. */

test("the server: what it lacks → its own words and exit code", async () => {
  const ran = await warmpoolProcess(["server"]);
  expect(ran).toMatchObject({ code: 2, stdout: "" });
  expect(ran.stderr).toMatch(/^warmpool server: DATABASE_URL is not set/);
});

test.runIf(isNight)("the server: SIGTERM to the command → it stops as it should", async () => {
  await using at = await testDb();
  const env = {
    DATABASE_URL: at.url,
    WARMPOOL_ADMIN_TOKEN: ADMIN_TOKEN,
    PORT: "0",
    WARMPOOL_SWEEP_SECONDS: "0",
  };
  const ran = await warmpoolProcess(["server"], {
    env,
    onStdout: (soFar, kill) => {
      if (soFar.includes('"listening"')) kill("SIGTERM");
    },
  });
  expect(ran).toMatchObject({ code: 0, stderr: "" });
});
