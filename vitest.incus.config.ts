import { defineConfig } from "vitest/config";
import { Summary } from "./test/reporter.ts";

/** Tests of the driver incus against the real one: as root, on Debian 12 or 13. They fail where Incus cannot run. */
export default defineConfig({
  test: {
    include: ["test/**/*.incus.ts"],
    globalSetup: ["test/leash.ts", "test/setup.ts", "test/relay/drivers/incus/setup.ts"],
    // Machines boot beside each other slower than one after the other.
    fileParallelism: false,
    testTimeout: 1_200_000,
    hookTimeout: 1_200_000,
    teardownTimeout: 240_000,
    reporters: ["default", new Summary()],
  },
});
