import { expect, test } from "vitest";
import { allCommands, commandTree } from "../../../src/cli/session/commandTree.ts";
import { terminalOutput } from "../../../src/cli/terminal/output.ts";
import { buildProgram } from "../../../src/cli/program.ts";
import { CASES, place } from "../destroyCases.ts";
import { recorder } from "../recorder.ts";
import { longest, unwrapped, warmpool } from "../run.ts";
import { oneIn } from "../../helpers/nightly.ts";

/** Each verb that destroys shows what would happen, and needs a confirmation. */
function leavesOf() {
  const tree = commandTree(
    buildProgram({
      out: terminalOutput(process.stdout, process.stderr, {}),
      env: {},
      url: null,
      exitCode: 0,
      ask: null,
    }),
  );
  return allCommands(tree).filter(({ children }) => children.length === 0);
}

test("the table has each verb that takes --yes, and each whose words say that something goes", () => {
  const leaves = leavesOf();
  const asking = leaves.filter(({ options }) => options.some(({ long }) => long === "--yes"));
  const words = /\b(tear|torn|remove[ds]?|forget|recreate|revoke|release|end a token)\b/;
  const destroying = leaves.filter(
    ({ path, description }) => words.test(path.at(-1) ?? "") || words.test(description),
  );
  const names = (of: typeof leaves) => of.map(({ path }) => path.join(" "));
  expect(new Set(names(asking))).toEqual(new Set(CASES.map(({ verb }) => verb)));
  for (const verb of names(destroying).filter((name) => !SPARING.has(name)))
    expect(names(asking), `${verb} destroys without asking`).toContain(verb);
  for (const { options, path } of asking)
    expect(
      options.map(({ long }) => long),
      path.join(" "),
    ).toContain("--dry-run");
});

/** What is done, in the words of this project. */
const DONE =
  /\b(?<!would )(is|are|was|were) (being )?(torn|removed|released|forgotten|taken|made|replaced|deleted|paused|changed|ended)\b|\b(goes|opens|changes)\b/i;

test("each says in its help whether a script needs --yes, as the interface has it", () => {
  for (const { path, options } of leavesOf()) {
    const said = options.find(({ long }) => long === "--yes")?.description;
    if (said === undefined) continue;
    const cases = CASES.filter(({ verb }) => verb === path.join(" "));
    const bare = new Set(cases.map((one) => one.bare));
    const needs = /; required (with --\w+ )?if there is no terminal( and machines would be removed)?$/.exec(
      said,
    );
    expect(needs === null, `${path.join(" ")}: ${said}`).toBe(bare.size === 1 && bare.has(true));
    if (needs?.[1] === undefined) continue;
    // With what it depends on: an option that is given, or what the plan finds.
    const option = /--\w+/.exec(needs[1])?.[0];
    if (option !== undefined) expect(options.map(({ long }) => long)).toContain(option);
  }
});

/** Their words are of what goes, and they take nothing away. */
const SPARING = new Set(["pool pause", "pool plan", "context remove"]);

test.each(oneIn(2, CASES))(
  "`$verb` (bare: $bare) shows what goes, and changes nothing unless that was agreed to",
  async (one) => {
    await using at = await place();
    const args = [...one.verb.split(" "), ...(await one.words(at))];
    await using recorded = await recorder(at.url);
    const changed = () =>
      recorded.paths.filter((path) => path.startsWith("POST") && !path.endsWith("/pool.plan"));

    const dry = await warmpool([...args, "--dry-run"], { url: recorded.url });
    expect(dry, dry.stderr).toMatchObject({ code: 0 });
    expect(unwrapped(dry.stdout)).toMatch(one.shows);
    // Nothing has been done: whoever reads it must not take it for what was.
    expect(unwrapped(dry.stdout)).not.toMatch(DONE);
    expect(longest(dry.stdout)).toBeLessThanOrEqual(80);

    const declined = await warmpool(args, { url: recorded.url, terminal: 200, answers: "n" });
    expect(declined.code).toBe(1);
    expect(unwrapped(declined.stderr)).toMatch(one.shows);
    expect(declined.stderr).toContain("Do it? [y/N]");

    if (!one.bare) {
      const refused = await warmpool(args, { url: recorded.url });
      expect(refused).toMatchObject({ code: 4, stdout: "" });
      expect(unwrapped(refused.stderr)).toMatch(one.shows);
      expect(unwrapped(refused.stderr)).toContain("Add --yes to confirm");
    }
    expect(changed()).toEqual([]);

    const agreed = one.bare
      ? await warmpool(args, { url: recorded.url })
      : await warmpool(args, { url: recorded.url, terminal: 200, answers: "yes" });
    expect(changed().length, agreed.stderr).toBeGreaterThan(0);
  },
);
