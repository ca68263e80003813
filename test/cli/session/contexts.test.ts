import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { contextsPath } from "../../../src/cli/session/contexts.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { unwrapped, warmpool } from "../run.ts";

/** `warmpool context`, and the file that it keeps. */
const TOKEN = "wp_admin_secret_of_prod";

async function home() {
  const folder = await temporaryFolder();
  const env = { HOME: folder.path };
  const file = join(folder.path, ".config/warmpool/contexts.json");
  await writeFile(join(folder.path, "token"), `${TOKEN}\n`);
  const add = (name: string, ...more: string[]) =>
    warmpool(
      [
        "context",
        "add",
        name,
        "--url",
        "https://prod.example",
        "--token-file",
        join(folder.path, "token"),
        ...more,
      ],
      { env },
    );
  return { ...folder, env, file, add, run: (...args: string[]) => warmpool(["context", ...args], { env }) };
}

test.each([
  [{ HOME: "/h" }, "/h/.config/warmpool/contexts.json"],
  [{ HOME: "/h", XDG_CONFIG_HOME: "/x" }, "/x/warmpool/contexts.json"],
  [{ HOME: "/h", XDG_CONFIG_HOME: "relative" }, "/h/.config/warmpool/contexts.json"],
  [{}, null],
])("with %j contexts are in %s", (env, path) => {
  expect(contextsPath(env)).toBe(path);
});

test("add, use, list, remove: stored with mode 0600, nothing else left in the folder, and no list shows a token", async () => {
  await using at = await home();
  const added = await at.add("prod");
  expect(added).toMatchObject({ code: 0, stdout: `Context prod is stored in ${at.file}.\n` });
  expect((await stat(at.file)).mode & 0o777).toBe(0o600);
  expect(await readdir(join(at.file, ".."))).toEqual(["contexts.json"]);
  expect(await at.run("use", "prod")).toMatchObject({ code: 0 });
  await at.add("a-second");
  const shown = await at.run("list");
  expect(shown.stdout).toMatch(
    /^CONTEXT +URL *\na-second +https:\/\/prod\.example\nprod +https:\/\/prod\.example +in use\n$/,
  );
  const whole = await at.run("list", "--json");
  expect(JSON.parse(whole.stdout)).toEqual([
    { name: "a-second", url: "https://prod.example", current: false },
    { name: "prod", url: "https://prod.example", current: true },
  ]);
  const csv = await at.run("list", "-o", "csv");
  expect(csv.stdout).toBe(
    "CONTEXT,URL,CURRENT\r\na-second,https://prod.example,false\r\nprod,https://prod.example,true\r\n",
  );
  expect(await at.run("remove", "prod")).toMatchObject({ code: 0 });
  expect((await at.run("list", "-o", "csv", "--no-headers")).stdout).toBe(
    "a-second,https://prod.example,false\r\n",
  );
  const all = [added, shown, whole, csv].map(({ stdout, stderr }) => stdout + stderr).join("");
  expect(all).not.toContain(TOKEN);
  expect(await readFile(at.file, "utf8")).toContain(TOKEN);
});

test("use --none: no context is in use any more", async () => {
  await using at = await home();
  await at.add("prod");
  await at.run("use", "prod");
  await at.run("use", "--none");
  expect(JSON.parse((await at.run("list", "--json")).stdout)).toMatchObject([{ current: false }]);
});

test("a name that is taken → 4 and unchanged; --replace overwrites it", async () => {
  await using at = await home();
  await at.add("prod");
  const before = await readFile(at.file, "utf8");
  const refused = await at.add("prod");
  expect(refused).toMatchObject({ code: 4, stdout: "" });
  expect(unwrapped(refused.stderr)).toContain(
    "there is a context prod already. Add --replace to overwrite it.",
  );
  expect(await readFile(at.file, "utf8")).toBe(before);
  expect(await at.add("prod", "--replace")).toMatchObject({ code: 0 });
});

test.each(["use", "remove"])(
  "context %s of a name that there is not → 3, and where to look",
  async (verb) => {
    await using at = await home();
    const ran = await at.run(verb, "nowhere");
    expect(ran).toMatchObject({ code: 3, stdout: "" });
    expect(unwrapped(ran.stderr)).toContain("there is no context nowhere. `npx warmpool context list` lists");
  },
);

test.each([
  [["add", "p", "--token-file", "TOKEN"], /there is no --url/],
  [["add", "p", "--url", "ftp://x", "--token-file", "TOKEN"], /"ftp:\/\/x" is not a URL of a Warmpool/],
  [["add", "p", "--url", "https://a:b@x", "--token-file", "TOKEN"], /is not a URL of a Warmpool/],
  [["add", "../p", "--url", "https://x", "--token-file", "TOKEN"], /"\.\.\/p" is no name for a context/],
  [["add", "__proto__", "--url", "https://x", "--token-file", "TOKEN"], /is no name for a context/],
  [
    ["add", "p", "--url", "https://x", "--token-file", "/nowhere"],
    /cannot read \/nowhere: there is no such file\./,
  ],
  [["add", "p", "--url", "https://x", "--token-file", "/dev/null"], /does not hold one token/],
  [
    ["add", "p", "--url", "https://x", "--token", "t", "--token-file", "TOKEN"],
    /takes its token from a file/,
  ],
  [["add", "p", "--url", "https://x"], /--token-file/],
  [["use"], /give the name of a context, or --none/],
  [["use", "p", "--none"], /give the name of a context, or --none/],
])("context %j → wrong use, and nothing is written", async (args, words) => {
  await using at = await home();
  const ran = await at.run(...args.map((arg) => (arg === "TOKEN" ? join(at.path, "token") : arg)));
  expect(ran).toMatchObject({ code: 2, stdout: "" });
  expect(unwrapped(ran.stderr)).toMatch(words);
  expect(await readdir(at.path)).toEqual(["token"]);
});

test.each(["0644", "0640", "0604", "0620"])(
  "a file of mode %s → refused, with how to mend it",
  async (mode) => {
    await using at = await home();
    await at.add("prod");
    await chmod(at.file, Number.parseInt(mode, 8));
    for (const ran of [
      await at.run("list"),
      await at.add("other"),
      await warmpool(["status"], { env: at.env }),
    ]) {
      expect(ran).toMatchObject({ code: 1, stdout: "" });
      expect(unwrapped(ran.stderr)).toContain(`holds tokens, and others can read it (its mode is ${mode})`);
      expect(unwrapped(ran.stderr)).toContain(`chmod 600 ${at.file}`);
    }
    await chmod(at.file, 0o600);
    expect(await at.run("list")).toMatchObject({ code: 0 });
  },
);

test.each(["", "{", "[]", '{"current":null,"contexts":{"a":{"url":"u"}}}', '{"contexts":{}}'])(
  "a file that holds %j → refused, and left as it is",
  async (content) => {
    await using at = await home();
    await mkdir(join(at.file, ".."), { recursive: true });
    await writeFile(at.file, content, { mode: 0o600 });
    const ran = await at.add("prod");
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(unwrapped(ran.stderr)).toContain("is not what `npx warmpool context` writes");
    expect(await readFile(at.file, "utf8")).toBe(content);
    await rm(at.file);
    expect(await at.add("prod")).toMatchObject({ code: 0 });
  },
);

test("a token file that is refused → its text is in no message", async () => {
  await using at = await home();
  await writeFile(join(at.path, "token"), `${TOKEN} ${TOKEN}\n`);
  const ran = await at.add("prod");
  expect(ran.code).toBe(2);
  expect(ran.stderr).not.toContain(TOKEN);
});
