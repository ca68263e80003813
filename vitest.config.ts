import { defineConfig } from "vitest/config";
import { Summary } from "./test/reporter.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: ["test/setup.ts"],
    // Tests share nothing but the Postgres server, and wait only by polling with a deadline of their own.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ["default", new Summary()],
  },
});
