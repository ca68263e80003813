import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";
import { Summary } from "./test/reporter.ts";

/**
 * `npm run test:browser`: the dashboard in a real browser against a real stack. Needs Chromium (on Debian:
 * `apt-get install chromium`) at /usr/bin/chromium, or where WARMPOOL_CHROMIUM says. WARMPOOL_BROWSER_RUNTIME=workerd runs the
 * stack's edge in workerd instead of Node.
 */

/** The link that `npm start` prints works for ten minutes, so what uses it comes first. */
class SignInFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => (moduleId.includes("signIn") ? 0 : 1);
    return Promise.resolve(files.toSorted((one, other) => rank(one) - rank(other)));
  }
}

export default defineConfig({
  test: {
    include: ["test/browser/*.browser.ts"],
    globalSetup: ["test/leash.ts", "test/browser/setup.ts"],
    // One stack and one browser for all of them: they would take each other's machines.
    fileParallelism: false,
    isolate: false,
    sequence: { sequencer: SignInFirst },
    testTimeout: 600_000,
    hookTimeout: 600_000,
    teardownTimeout: 300_000,
    reporters: ["default", new Summary()],
  },
});
