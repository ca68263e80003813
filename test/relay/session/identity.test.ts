import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  HighestNumber,
  loadIdentity,
  loadOrMakeKey,
  saveIdentity,
} from "../../../src/relay/session/identity.ts";
import { logLine } from "../../../src/relay/log.ts";
import { joinNode } from "../../../src/relay/main.ts";
import { CREDENTIAL, JOIN_TOKEN, testEdge } from "../helpers/edge.ts";

async function testDir(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), "warmpool-relay-"));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

test("joining keeps the credential and a key of its own, readable by nobody else", async () => {
  await using edge = await testEdge();
  await using dir = await testDir();
  expect(await joinNode({ url: edge.url, token: JOIN_TOKEN, dir: dir.path })).toEqual({
    node: "n1",
    dir: dir.path,
  });
  expect(await loadIdentity(dir.path)).toEqual({
    url: edge.url,
    node: "n1",
    credential: CREDENTIAL,
    installation: "test",
  });
  expect((await readdir(dir.path)).toSorted()).toEqual(["id_ed25519", "relay.json"]);
  for (const name of await readdir(dir.path))
    expect((await stat(join(dir.path, name))).mode & 0o777).toBe(0o600);

  await expect(joinNode({ url: edge.url, token: JOIN_TOKEN, dir: dir.path, replace: true })).rejects.toThrow(
    /already used.*Enroll the node again/,
  );
});

test("joining in a folder that is a node's already is refused, and spends no token", async () => {
  await using edge = await testEdge();
  await using dir = await testDir();
  const other = { url: "https://edge.example", node: "n7", credential: "c", installation: "i" };
  await saveIdentity(dir.path, other);
  await writeFile(join(dir.path, "highest-machine"), "9\n");
  const asked = { url: edge.url, token: JOIN_TOKEN, dir: dir.path };
  await expect(joinNode(asked)).rejects.toThrow(
    /is the identity of node n7 of https:\/\/edge\.example\. Give this node its own folder with --dir/,
  );
  expect(await loadIdentity(dir.path)).toEqual(other);
  expect((await HighestNumber.load(dir.path)).value).toBe(9);
  expect(await joinNode({ ...asked, replace: true })).toMatchObject({ node: "n1" });
});

test("the key stays the same from start to start, and one that is damaged is not replaced", async () => {
  await using dir = await testDir();
  const made = await loadOrMakeKey(dir.path, "n1");
  expect(await loadOrMakeKey(dir.path, "n1")).toEqual(made);
  await writeFile(join(dir.path, "id_ed25519"), "damaged");
  await expect(loadOrMakeKey(dir.path, "n1")).rejects.toThrow(/not an SSH private key\. Restore it/);
  expect(await readFile(join(dir.path, "id_ed25519"), "utf8")).toBe("damaged");
});

test("a folder that never joined, or is damaged, says what to do", async () => {
  await using dir = await testDir();
  await expect(loadIdentity(dir.path)).rejects.toThrow(/has not joined\. `npx warmpool node enroll NAME`/);
  await writeFile(join(dir.path, "relay.json"), "{}");
  await chmod(join(dir.path, "relay.json"), 0o600);
  await expect(loadIdentity(dir.path)).rejects.toThrow(/is corrupt.*join again/);
});

test("the highest machine number only grows, and is kept", async () => {
  await using dir = await testDir();
  const numbers = await HighestNumber.load(dir.path);
  numbers.heard(2);
  expect((await HighestNumber.load(dir.path)).value).toBe(0);
  await Promise.all([3, 12, 7].map((number) => numbers.saw(number)));
  expect(numbers.value).toBe(12);
  expect((await HighestNumber.load(dir.path)).value).toBe(12);
});

test("the highest machine number is forgotten where the folder joins another installation or as another node", async () => {
  await using dir = await testDir();
  const here = { node: "n1", installation: "a" };
  await saveIdentity(dir.path, { ...here, url: "http://127.0.0.1:1", credential: "secret" });
  await (await HighestNumber.load(dir.path)).saw(12);
  await HighestNumber.startOver(dir.path, here);
  expect((await HighestNumber.load(dir.path)).value).toBe(12);
  await HighestNumber.startOver(dir.path, { ...here, installation: "b" });
  expect((await HighestNumber.load(dir.path)).value).toBe(0);
});

test("a log line is one line, whatever its values hold", () => {
  const line = logLine(new Date(0), "warn", "Text", { a: "plain/1.2:3", b: "two\nlines", c: 3 });
  expect(line).toBe('1970-01-01T00:00:00.000Z warn Text a=plain/1.2:3 b="two\\nlines" c=3');
});
