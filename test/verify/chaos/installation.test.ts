import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { installationIn } from "../../../verify/chaos/ground/installation.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";

const ONE = "0197b6a0-0000-4000-8000-000000000001";
const OTHER = "0197b6a0-0000-4000-8000-000000000002";

async function folderWith(relays: Record<string, string>) {
  const folder = await temporaryFolder();
  await mkdir(join(folder.path, "postgres"));
  for (const [name, installation] of Object.entries(relays)) {
    await mkdir(join(folder.path, name));
    await writeFile(join(folder.path, name, "relay.json"), JSON.stringify({ installation, node: "local" }));
  }
  return folder;
}

test.each(["relay", "local-relay"])(
  "the mark of an installation whose relay keeps its identity in %s is found",
  async (name) => {
    await using folder = await folderWith({ [name]: ONE });
    expect(await installationIn(folder.path)).toBe(ONE);
  },
);

test("no relay, or relays of two installations → an error that says which", async () => {
  await using none = await folderWith({});
  await expect(installationIn(none.path)).rejects.toThrow("no relay has joined");
  await using two = await folderWith({ relay: ONE, "local-relay": OTHER });
  await expect(installationIn(two.path)).rejects.toThrow("two installations");
});
