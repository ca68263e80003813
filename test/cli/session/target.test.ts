import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { targetOf } from "../../../src/cli/session/target.ts";
import { writeContexts } from "../../../src/cli/session/contexts.ts";
import { readOptions } from "../../../src/stack/options.ts";
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

test("the state folder: the option, else WARMPOOL_STATE_DIR, else .warmpool, for whoever reads it", async () => {
  await using at = await stateDir(JSON.stringify(local));
  const env = { WARMPOOL_STATE_DIR: at.stateDir };
  expect(targetOf({}, env)).toEqual({ url: local.url, token: local.adminToken });
  expect(() => targetOf({ stateDir: "/nowhere" }, env)).toThrow("no file /nowhere/local.json");
  expect(() => targetOf({}, { WARMPOOL_STATE_DIR: "" })).toThrow("no file .warmpool/local.json");
  expect(readOptions([], env).stateDir).toBe(at.stateDir);
  expect(readOptions(["--state-dir", "here"], env).stateDir).toBe("here");
  expect(readOptions([], {}).stateDir).toBe(".warmpool");
});

test("the local admin token never goes to another server", async () => {
  await using at = await stateDir(JSON.stringify(local));
  expect(() => targetOf({ ...at, url: "https://elsewhere.example" }, {})).toThrow(
    "there is no token for https://elsewhere.example.",
  );
});

test("without any, it says where one may come from", async () => {
  await using at = await stateDir(null);
  expect(() => targetOf(at, {})).toThrow(
    /no --url, no WARMPOOL_URL, no context in use and no file .*local\.json/,
  );
});

test.each(["", "{", '{"url":1}'])("a file that holds %j is named", async (content) => {
  await using at = await stateDir(content);
  expect(() => targetOf(at, {})).toThrow(/local\.json was not written by npm start/);
});

test("a file that cannot be read is an error, not an absent one", async () => {
  await using at = await stateDir(null);
  await mkdir(join(at.stateDir, "local.json"));
  expect(() => targetOf(at, {})).toThrow(/cannot read .*local\.json: it is a folder, not a file\.$/);
});

/** A home with two contexts, `prod` of them in use, beside a local Warmpool. */
async function withContexts() {
  const at = await stateDir(JSON.stringify(local));
  const home = { XDG_CONFIG_HOME: join(at.stateDir, "config") };
  const contexts = {
    prod: { url: "https://prod/", token: "of-prod" },
    staging: { url: "https://staging", token: "of-staging" },
  };
  writeContexts(home, { current: "prod", contexts });
  return { ...at, home };
}

const LOCAL = { url: local.url, token: local.adminToken };
const PROD = { url: "https://prod", token: "of-prod" };
const STAGING = { url: "https://staging", token: "of-staging" };

test.each([
  ["nothing else: the context in use", {}, {}, PROD],
  ["WARMPOOL_CONTEXT before the one in use", {}, { WARMPOOL_CONTEXT: "staging" }, STAGING],
  [
    "--context before the environment",
    { context: "staging" },
    { WARMPOOL_URL: "https://env", WARMPOOL_TOKEN: "e" },
    STAGING,
  ],
  ["--context before WARMPOOL_CONTEXT", { context: "staging" }, { WARMPOOL_CONTEXT: "prod" }, STAGING],
  [
    "the environment before the context in use",
    {},
    { WARMPOOL_URL: "https://env", WARMPOOL_TOKEN: "e" },
    { url: "https://env", token: "e" },
  ],
  ["--token with the URL of a context", { token: "mine" }, {}, { url: "https://prod", token: "mine" }],
  ["the URL of a context → its token", { url: "https://prod" }, {}, PROD],
  ["the local URL → the local token", { url: local.url }, {}, LOCAL],
])("%s", async (_, options, env, target) => {
  await using at = await withContexts();
  expect(targetOf({ stateDir: at.stateDir, ...options }, { ...at.home, ...env })).toEqual(target);
});

test("a context's token never goes to a URL that was given", async () => {
  await using at = await withContexts();
  for (const context of [{}, { context: "prod" }])
    expect(() => targetOf({ stateDir: at.stateDir, url: "https://elsewhere", ...context }, at.home)).toThrow(
      "there is no token for https://elsewhere.",
    );
  expect(() => targetOf(at, { ...at.home, WARMPOOL_URL: "https://elsewhere" })).toThrow("there is no token");
});

test("a context that there is not → not found, wherever it was named", async () => {
  await using at = await withContexts();
  expect(() => targetOf({ stateDir: at.stateDir, context: "none" }, at.home)).toThrow(
    "there is no context none.",
  );
  expect(() => targetOf(at, { ...at.home, WARMPOOL_CONTEXT: "none" })).toThrow("there is no context none.");
});
