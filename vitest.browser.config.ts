import { defineConfig } from "vitest/config";
import { Summary } from "./test/reporter.ts";

/**
 * `npm run test:browser`: the dashboard in a real browser against a real stack. Needs Chromium (on Debian:
 * `apt-get install chromium`) at /usr/bin/chromium, or where WARMPOOL_CHROMIUM says. WARMPOOL_BROWSER_RUNTIME=workerd runs the
 * stack's edge in workerd instead of Node.
 */
export default defineConfig({
  test: {
    include: ["test/browser/*.browser.ts"],
    globalSetup: ["test/leash.ts", "test/browser/setup.ts"],
    // One stack and one browser for all of them: they would take each other's machines.
    fileParallelism: false,
    isolate: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 300_000,
    reporters: ["default", new Summary()],
  },
});
