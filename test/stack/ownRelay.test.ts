import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { WarmpoolClient } from "../../src/client/index.ts";
import { saveIdentity } from "../../src/relay/session/identity.ts";
import { assertOwn, hasJoined, lastWords, takeOverFormer, wayBack } from "../../src/stack/ownRelay.ts";
import { openFolder } from "../../src/stack/folder.ts";
import { relayPlan } from "../../src/stack/parts.ts";
import { identify } from "../../src/stack/processes.ts";
import { EdgeError } from "../../src/relay/session/edge.ts";
import { refusal } from "../../src/relay/session/session.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";

const OURS = { url: "http://127.0.0.1:8787", node: "local", credential: "wp_node_x", installation: "i1" };
const KEY = "-----the stack's key-----";

/** A state folder with what is kept in `relay`, as version 0.1 had it. */
async function stateFolder(former: typeof OURS | null) {
  const folder = await temporaryFolder();
  const folders = { relay: join(folder.path, "local-relay"), formerRelay: join(folder.path, "relay") };
  if (former !== null) {
    await saveIdentity(folders.formerRelay, former);
    await writeFile(join(folders.formerRelay, "id_ed25519"), KEY);
  }
  return { ...folders, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

test("the relay of an earlier version is moved to the stack's own folder, its key and its number with it", async () => {
  await using at = await stateFolder(OURS);
  await writeFile(join(at.formerRelay, "highest-machine"), "7\n");
  await takeOverFormer(at, "i1", true);
  expect(existsSync(at.formerRelay)).toBe(false);
  expect(hasJoined(at)).toBe(true);
  expect(readFileSync(join(at.relay, "highest-machine"), "utf8")).toBe("7\n");
  await expect(assertOwn(at)).resolves.toBeUndefined();
});

test.each([
  ["another node of this installation", { ...OURS, node: "n1" }],
  ["a node called local elsewhere", { ...OURS, installation: "i2" }],
])("%s stays where it was joined; the key that opens the stack's machines is copied", async (_, other) => {
  await using at = await stateFolder(other);
  await takeOverFormer(at, "i1", true);
  expect(JSON.parse(readFileSync(join(at.formerRelay, "relay.json"), "utf8"))).toEqual(other);
  expect(hasJoined(at)).toBe(false);
  expect(readFileSync(join(at.relay, "id_ed25519"), "utf8")).toBe(KEY);
});

test("a new stack beside a node that a person joined takes nothing of it", async () => {
  await using at = await stateFolder({ ...OURS, node: "n1" });
  await takeOverFormer(at, "i1", false);
  expect(existsSync(at.relay)).toBe(false);
});

test("what the stack has by now is not replaced", async () => {
  await using at = await stateFolder(OURS);
  await mkdir(at.relay);
  await takeOverFormer(at, "i1", true);
  expect(existsSync(at.formerRelay)).toBe(true);
});

test("a relay that would serve another node is not started: the reason names that node and the folder", async () => {
  await using at = await stateFolder(null);
  await saveIdentity(at.relay, { ...OURS, node: "n1" });
  await expect(assertOwn(at)).rejects.toThrow(
    `would serve node n1 of http://127.0.0.1:8787 instead of node local: ${at.relay} contains`,
  );
});

test("the last words of a log are its last line with text", async () => {
  await using folder = await temporaryFolder();
  const log = join(folder.path, "relay.log");
  expect(await lastWords(log)).toBeNull();
  await writeFile(log, "first\nThe edge does not accept this credential.\n\n");
  expect(await lastWords(log)).toBe("The edge does not accept this credential.");
  // What a command says to a person is wrapped.
  await writeFile(
    log,
    "2026-12-01T11:00:00.000Z info Started\nwarmpool: The edge rejected it. The node was\nremoved: join again.\n",
  );
  expect(await lastWords(log)).toBe("warmpool: The edge rejected it. The node was removed: join again.");
});

test("another relay has joined in place of the stack's → what gives the node back, for no other end", () => {
  const said = (code: "UNAUTHORIZED" | "LEASE_LOST") =>
    wayBack(
      refusal(new EdgeError(code, "refused", 0)).message,
      "http://127.0.0.1:8787",
      {
        relay: "/s/local-relay",
      },
      " --state-dir /s",
    );
  expect(said("UNAUTHORIZED")).toMatch(
    /`npx warmpool node enroll local --state-dir \/s`.*`npx warmpool relay join --url http:\/\/127\.0\.0\.1:8787 --dir \/s\/local-relay --replace`\. Until then, this stack is not ready/,
  );
  expect(said("LEASE_LOST")).toBeNull();
});

test("another relay serves the node in place of the stack's → the stack's is silent until a process serves its folder", async () => {
  await using at = await temporaryFolder();
  const incus = { project: "", storagePool: "", profile: "", image: "" };
  const folder = openFolder(at.path, { driver: "local", incus });
  const heard = [{ name: "local", lastSeenAt: new Date().toISOString() }];
  const admin = { node: { list: { query: () => Promise.resolve(heard) } } } as unknown as WarmpoolClient;
  const part = relayPlan(folder, "http://127.0.0.1:8787", admin);
  expect(await part.ask()).toBe("silent");
  const relay = spawn("sleep", ["600"], { stdio: "ignore" });
  const { pid, startTime, bootId } = identify(relay.pid ?? 0);
  await mkdir(folder.relay, { recursive: true });
  const noted = { pid, startTime: String(startTime), boot: bootId };
  await writeFile(join(folder.relay, "process"), JSON.stringify(noted));
  expect(await part.ask()).toBe("alive");
  const ended = once(relay, "exit");
  relay.kill();
  await ended;
  expect(await part.ask()).toBe("silent");
});
