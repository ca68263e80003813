import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { targetOf } from "../../../src/cli/session/target.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";

const local = {
  url: "http://127.0.0.1:8787",
  adminToken: "wp_admin_local",
  appToken: "a",
  databaseUrl: "d",
  pids: {},
};

async function stateDir(content: string | null) {
  const folder = await temporaryFolder();
  if (content !== null) await writeFile(join(folder.path, "local.json"), content);
  return { stateDir: folder.path, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() };
}

test("options come before the environment, and that before the local stack's file", async () => {
  await using at = await stateDir(JSON.stringify(local));
  const env = { WARMPOOL_URL: "http://env/", WARMPOOL_TOKEN: "of-env" };
  expect(targetOf({ ...at, url: "http://option", token: "of-option" }, env)).toEqual({
    url: "http://option",
    token: "of-option",
  });
  expect(targetOf(at, env)).toEqual({ url: "http://env", token: "of-env" });
  expect(targetOf(at, { WARMPOOL_URL: "" })).toEqual({ url: local.url, token: local.adminToken });
  expect(targetOf({ ...at, token: "mine" }, {})).toEqual({ url: local.url, token: "mine" });
  expect(targetOf({ ...at, url: `${local.url}/` }, {})).toEqual({ url: local.url, token: local.adminToken });
});

test("the local admin token never goes to another server", async () => {
  await using at = await stateDir(JSON.stringify(local));
  expect(() => targetOf({ ...at, url: "https://elsewhere.example" }, {})).toThrow(
    "there is no token for https://elsewhere.example.",
  );
});

test("without any, it says where one may come from", async () => {
  await using at = await stateDir(null);
  expect(() => targetOf(at, {})).toThrow(/no --url, no WARMPOOL_URL and no file .*local\.json/);
});

test.each(["", "{", '{"url":1}'])("a file that holds %j is named", async (content) => {
  await using at = await stateDir(content);
  expect(() => targetOf(at, {})).toThrow(/local\.json was not written by npm start/);
});

test("a file that cannot be read is an error, not an absent one", async () => {
  await using at = await stateDir(null);
  await mkdir(join(at.stateDir, "local.json"));
  expect(() => targetOf(at, {})).toThrow(/cannot read .*local\.json/);
});
