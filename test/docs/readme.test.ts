import { expect, test } from "vitest";
import { commandsOf, filledIn, PAGES, programFor, programsOf, TYPED } from "../../verify/accept/readme.ts";
import { readTree } from "./tree.ts";

/** The acceptance run types the commands of these pages; here it is only seen that it knows each of them. */
const tree = readTree();
const commands = PAGES.flatMap((page) => commandsOf(tree.get(page) ?? ""));

test("README and the pages after it: what each of its commands shows is known, in its order", () => {
  expect(commands.map((command, at) => command.slice(0, TYPED[at]?.begins.length))).toEqual(
    TYPED.map(({ begins }) => begins),
  );
});

test("README and the pages after it: whatever stands for something else in its commands has a value when they are typed", () => {
  const own = {
    start: "npm start",
    url: "http://127.0.0.1:1",
    joinToken: "wp_join_x",
    driver: "local",
    installer: { url: "http://127.0.0.1:2/install.sh", checksum: "0".repeat(64) },
    machine: "demo-1",
  };
  const typed = commands.map((command) => filledIn(command, own).replace(/ # .*$/, ""));
  expect(typed.filter((text) => /…|\bNAME\b|\bUSER\b|example\.com|~\//.test(text))).toEqual([]);
});

test("README: its one program runs from a checkout as it stands, but for the address and the package", () => {
  const programs = programsOf(tree.get("README.md") ?? "");
  expect(programs).toHaveLength(1);
  const program = programFor(programs[0] ?? "", "http://127.0.0.1:1");
  expect(program).toContain('from "./src/client/index.ts"');
  expect(program).not.toMatch(/example\.com|warmpool\/client/);
});

test("commandsOf: shell blocks alone, their lines joined where one goes on", () => {
  const text = "```sh\none # a\n\ntwo \\\n  three\n```\n```ts\nno\n```\n`four`\n```sh\nfive\n```\n";
  expect(commandsOf(text)).toEqual(["one # a", "two three", "five"]);
});
