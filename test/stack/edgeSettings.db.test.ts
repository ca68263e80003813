import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test, vi } from "vitest";
import { openFolder } from "../../src/stack/folder.ts";
import type { StackOptions } from "../../src/stack/options.ts";
import { edgePlan } from "../../src/stack/parts.ts";
import { freePort } from "../../src/stack/ports.ts";
import { testDb } from "../helpers/db.ts";
import { atNight } from "../helpers/nightly.ts";
import { LOCAL } from "../helpers/madeLocal.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { until } from "../helpers/until.ts";

// Workerd has to bundle the Worker first; the acceptance run starts it by day.
test.each(atNight(["node", "workerd"] as const))(
  "what is set for the edge where npm start runs reaches it in %s",
  async (runtime) => {
    await using t = await testDb();
    await using state = await temporaryFolder();
    const folder = openFolder(state.path, LOCAL);
    const port = await freePort();
    const options: StackOptions = {
      port,
      runtime,
      driver: "local",
      targetSize: null,
      maxSize: null,
      stateDir: state.path,
      sweepSeconds: 3600,
      destroy: true,
      destroyNow: false,
    };
    vi.stubEnv("WARMPOOL_ADMIN_REQUESTS_PER_MINUTE", "2");
    vi.stubEnv("WARMPOOL_WEBHOOK_URL", "http://127.0.0.1:9/hook");
    const url = `http://127.0.0.1:${port}`;
    const plan = edgePlan(folder, options, t.url, url);
    await plan.prepare();
    const { command, args, env } = await plan.program();
    vi.unstubAllEnvs();
    expect(env).toMatchObject({ WARMPOOL_WEBHOOK_URL: "http://127.0.0.1:9/hook" });
    expect(env).not.toHaveProperty("WARMPOOL_WEBHOOK_SECRET");
    // A receiver without its secret is a wrong setting, which the edge would not start with.
    const child = spawn(command, args, {
      env: { PATH: process.env["PATH"], TMPDIR: folder.path, ...env, WARMPOOL_WEBHOOK_URL: "" },
      stdio: "ignore",
    });
    const ended = once(child, "exit");
    try {
      await until("the edge to answer", async () => (await plan.ask()) === "alive");
      const authorization = `Bearer ${folder.memory().adminToken}`;
      const statuses: number[] = [];
      for (let n = 0; n < 3; n += 1) {
        const answer = await fetch(`${url}/admin/v1/pools`, { headers: { authorization } });
        statuses.push(answer.status);
      }
      expect(statuses).toEqual([200, 200, 429]);
    } finally {
      child.kill("SIGTERM");
      await ended;
    }
  },
);
