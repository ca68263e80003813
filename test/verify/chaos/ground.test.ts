import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { localGround } from "../../../verify/chaos/ground/local.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";

const INSTALLATION = "0197b6a0-0000-4000-8000-000000000001";

test("a copy of a machine stands once it is whole, and a part of one is no machine that stands", async () => {
  await using root = await temporaryFolder();
  await mkdir(join(root.path, "demo-1"));
  const record = JSON.stringify({ mark: { installation: INSTALLATION, node: "n1", machine: "demo-1" } });
  await writeFile(join(root.path, "demo-1", "machine.json"), record);
  const ground = localGround(INSTALLATION, [root.path]);
  await ground.copy("demo-1", "kept");
  expect((await ground.standing()).toSorted()).toEqual(["demo-1", "kept"]);
  expect(await ground.isThere("kept")).toBe(true);
  // Ends before the copy has its name: a file has that.
  await writeFile(join(root.path, "taken"), "");
  await expect(ground.copy("demo-1", "taken")).rejects.toThrow("ENOTDIR");
  expect((await ground.standing()).toSorted()).toEqual(["demo-1", "kept"]);
});
