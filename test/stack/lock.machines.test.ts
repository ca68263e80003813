import { spawn } from "node:child_process";
import { once } from "node:events";
import { expect, test } from "vitest";
import { lockFolder } from "../../src/stack/lock.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { until } from "../helpers/until.ts";

const LOCK_AND_STAY = `
  const { lockFolder } = await import(process.argv[1]);
  await lockFolder(process.argv[2]);
  console.log("locked");
  setInterval(() => {}, 60_000);
`;

function holder(folder: string) {
  const module = new URL("../../src/stack/lock.ts", import.meta.url).href;
  const args = ["--input-type=module", "-e", LOCK_AND_STAY, module, folder];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  return Object.assign(child, { [Symbol.dispose]: () => void child.kill("SIGKILL") });
}

test("one supervisor a folder; the refused one is told whose it is", async () => {
  await using folder = await temporaryFolder();
  using other = holder(folder.path);
  await once(other.stdout, "data");
  await expect(lockFolder(folder.path)).rejects.toThrow(`process ${other.pid}`);
});

test("a killed holder's lock is free at once, and so is a released one", async () => {
  await using folder = await temporaryFolder();
  using other = holder(folder.path);
  await once(other.stdout, "data");
  other.kill("SIGKILL");
  await once(other, "exit");
  const lock = await lockFolder(folder.path);
  lock.release();
  const again = await until("the released lock", () => lockFolder(folder.path));
  again.release();
});
