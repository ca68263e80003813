import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { until } from "../../helpers/until.ts";
import { doHappily } from "../../helpers/world.ts";
import { installation, type Installation } from "../installation.ts";
import { longest, type Ran, unwrapped, warmpool } from "../run.ts";

/** `warmpool import-testers`, against the real API; the test is the relay. */

const FILE = `username,machine,host
anna,vm-anna,192.0.2.7
bob,vm-bob,192.0.2.8
Carol,vm-carol,192.0.2.9
`;

async function place(content = FILE, maxSize = 9) {
  const at = await installation({ targetSize: 0, maxSize });
  const folder = await temporaryFolder();
  const file = join(folder.path, "testers.csv");
  await writeFile(file, content);
  return {
    ...at,
    file,
    [Symbol.asyncDispose]: async () => {
      await folder[Symbol.asyncDispose]();
      await at[Symbol.asyncDispose]();
    },
  };
}

/** Runs the verb while the relay carries out what it is given; bob's machine does not answer. */
async function run(at: Installation, args: string[]): Promise<Ran> {
  let ran: Ran | null = null;
  const running = warmpool(["import-testers", ...args], at).then((result) => (ran = result));
  await until("the verb to end", async () => {
    for (const operation of await at.relay.lease()) {
      if (operation.kind === "import" && operation.machine.name === "vm-bob") {
        const fix = "Start it.";
        await at.relay.finish(operation, { outcome: "import_refused", message: "no answer", fix });
      } else await doHappily(at.relay, operation);
    }
    return ran !== null;
  });
  return running;
}

const testers = async ({ client }: Installation) =>
  (await client.tester.list.query({})).items.map(({ username, state }) => `${username} ${state}`);

test("--plan: what would happen, line by line, and nothing is changed", async () => {
  await using at = await place();
  const ran = await run(at, [at.file, "--plan"]);
  expect(ran.code).toBe(1);
  expect(unwrapped(ran.stdout)).toMatch(
    /^Line 2, anna on vm-anna: would be imported, at 192\.0\.2\.7:22 with the host key SHA256:A+\. Line 3, bob on vm-bob: not imported\. No answer\. Start it\. Line 4, Carol: not imported\. Username: must be .* Correct it in the file\. Would be imported: 1\. Not imported: 2\. $/,
  );
  expect(longest(ran.stdout)).toBeLessThanOrEqual(80);
  expect(await testers(at)).toEqual([]);
  expect((await at.client.machine.list.query({})).items).toEqual([]);
});

test("records that can be imported are, the others are named, and once more changes nothing", async () => {
  await using at = await place();
  const ran = await run(at, [at.file]);
  expect(ran.code).toBe(1);
  expect(ran.stdout).toMatch(/\nImported: 1\. Not imported: 2\.\n$/);
  expect(await testers(at)).toEqual(["anna active"]);
  const again = await run(at, [at.file, "--json"]);
  expect(JSON.parse(again.stdout)).toMatchObject({
    rows: [
      { line: 2, who: "anna", machine: "vm-anna", state: "unchanged", problem: null },
      { line: 3, who: "bob", state: "refused", problem: { why: "no answer", fix: "Start it." } },
      { line: 4, who: "Carol", machine: null, state: "refused" },
    ],
    ignored: [],
  });
  expect(await testers(at)).toEqual(["anna active"]);
});

test("--undo: the tester is released and the machine forgotten, not deleted; exit 0 where all is well", async () => {
  await using at = await place("username,machine,host\nanna,vm-anna,192.0.2.7\n");
  expect(await run(at, [at.file])).toMatchObject({ code: 0 });
  const planned = await run(at, [at.file, "--undo", "--plan"]);
  expect(planned).toMatchObject({
    code: 0,
    stdout: "Line 2, anna on vm-anna: would be undone.\nWould be undone: 1.\n",
  });
  expect(await testers(at)).toEqual(["anna active"]);
  const undone = await warmpool(["import-testers", at.file, "--undo"], at);
  expect(undone.stdout).toContain("the machine runs on, without Warmpool");
  expect(await testers(at)).toEqual(["anna released"]);
  expect((await at.relay.lease()).map(({ kind }) => kind)).toEqual(["unmark"]);
});

test("a file that cannot be read: exit 2, and nothing is asked", async () => {
  await using at = await place("who,what\n");
  const ran = await warmpool(["import-testers", at.file], at);
  expect(ran).toMatchObject({ code: 2, stdout: "" });
  expect(unwrapped(ran.stderr)).toContain("has no column username and no column machine in its first line");
});
