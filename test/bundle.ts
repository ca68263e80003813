import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { type Bundle, bundleIn } from "../src/stack/bundle.ts";

/** Once per run: the Worker's real bundle, which every workerd of the tests is started with. */
declare module "vitest" {
  interface ProvidedContext {
    bundle: Bundle;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "warmpool-test-bundle-"));
  project.provide("bundle", await bundleIn(folder));
  return () => rm(folder, { recursive: true, force: true });
}
