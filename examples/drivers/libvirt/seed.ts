import type { CreateRequest } from "../../../src/relay/driver.ts";
import { userData } from "../../../src/relay/userData.ts";
import { SCRATCH, withScratch } from "./scratch.ts";
import { runTool } from "./tool.ts";
import { vendorData } from "./web.ts";

/** A disk that cloud-init looks for at boot (NoCloud): a floppy's file system with three files on it. */
export const SEED_BYTES = 1_474_560;

/** Makes the seed of a machine, which holds its private host key, and hands it to `use` as an open file. */
export async function withSeed(
  request: CreateRequest,
  signal: AbortSignal,
  use: (file: number) => Promise<unknown>,
): Promise<void> {
  const { name } = request;
  const files = {
    "user-data": userData(request),
    "vendor-data": vendorData(request.httpPort),
    "meta-data": JSON.stringify({ "instance-id": name, "local-hostname": name }),
  };
  await withScratch(async (scratch) => {
    await scratch.truncate(SEED_BYTES);
    const file = scratch.fd;
    await runTool("mformat", ["-i", SCRATCH, "-f", "1440", "-v", "cidata", "::"], { signal, file });
    for (const [named, input] of Object.entries(files)) {
      await runTool("mcopy", ["-i", SCRATCH, "-", `::${named}`], { signal, file, input });
    }
    await use(file);
  });
}
