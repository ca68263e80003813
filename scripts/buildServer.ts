import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { bundleServer } from "../src/relay/drivers/local/bundleServer.ts";

/** Part of `npm run build`: the SSH server of local machines in one file, so that a built relay needs no esbuild. */
const DRIVER = new URL("../dist/relay/drivers/local/", import.meta.url);

await writeFile(
  new URL("sshServer.cjs", DRIVER),
  await bundleServer(fileURLToPath(new URL("sshServer/main.js", DRIVER))),
);
