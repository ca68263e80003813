import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { inShippedProject } from "./supply/project.ts";

/**
 * Part of `npm run build`: writes dist/sbom.json (CycloneDX), the list of other people's code in the package and
 * installed with it, as npm writes it.
 */
const TIMEOUT_MS = 120_000;
const LARGEST_BYTES = 4 * 1024 * 1024;
const ARGS = ["sbom", "--sbom-format=cyclonedx", "--sbom-type=application", "--package-lock-only"];
const root = fileURLToPath(new URL("..", import.meta.url));

inShippedProject(root, (cwd, packages) => {
  const options = { cwd, encoding: "utf8", timeout: TIMEOUT_MS, maxBuffer: LARGEST_BYTES } as const;
  const { status, stdout, stderr, error } = spawnSync("npm", ARGS, options);
  if (status !== 0) throw new Error(`npm sbom failed: ${error?.message ?? stderr.trim()}`);
  const { components } = z.object({ components: z.array(z.unknown()) }).parse(JSON.parse(stdout));
  if (components.length !== packages)
    throw new Error(`npm wrote ${components.length} packages into the SBOM, and there are ${packages}`);
  mkdirSync(join(root, "dist"), { recursive: true });
  writeFileSync(join(root, "dist/sbom.json"), stdout);
});
