import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readTesters } from "../../../src/cli/inputs/testersFile.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { KEY_A, KEY_B } from "../../helpers/world.ts";

/** Old records, as files have them. */

async function read(content: string) {
  await using folder = await temporaryFolder();
  const file = join(folder.path, "testers");
  await writeFile(file, content);
  return readTesters(file);
}

test("CSV: columns by our names or common others, in any case; what is none of ours is named", async () => {
  const { rows, ignored } = await read(
    `\uFEFFId,User Name,VM,Node,IP,SSH-Port,ssh_keys,expires,param.greeting,URL\r
7,anna,vm-anna,n1,192.0.2.7,2222,"${KEY_A}|${KEY_B}",2030-01-31,hi,http://192.0.2.7/\r
`,
  );
  expect(ignored).toEqual(["Id"]);
  expect(rows).toEqual([
    {
      line: 2,
      who: "anna",
      record: {
        ...{ username: "anna", machine: "vm-anna", node: "n1", host: "192.0.2.7", port: 2222 },
        ...{ sshKeys: [KEY_A, KEY_B], expiresAt: "2030-01-31T23:59:59Z" },
        ...{ params: { greeting: "hi" }, outputs: { url: "http://192.0.2.7/" } },
      },
    },
  ]);
});

test("CSV: quotes, semicolons, empty lines and line breaks in fields → each record with its own line", async () => {
  const { rows } = await read(`username;machine;sshKeys

anna;vm-anna;"${KEY_A}
${KEY_B}"
bob;"vm-""bob""";
carol;vm-carol
`);
  expect(rows.map(({ line, who }) => [line, who])).toEqual([
    [3, "anna"],
    [5, "bob"],
    [6, "carol"],
  ]);
  expect(rows[0]).toMatchObject({ record: { sshKeys: [KEY_A, KEY_B] } });
  expect(rows[1]).toMatchObject({ problem: { why: expect.stringMatching(/^machine: must be/) as string } });
  expect(rows[2]).toMatchObject({ record: { machine: "vm-carol", sshKeys: [] } });
});

test("JSON: a list, or an object with testers → each record with the line that it begins on", async () => {
  const records = [
    { username: "anna", machine: "vm-a[n]na", note: '{"[' },
    { username: "bob", name: "vm-bob", port: 22, host: "b.example.com", externalId: 9 },
  ];
  for (const value of [records, { of: "2025", testers: records }]) {
    const { rows, ignored } = await read(JSON.stringify(value, null, 2));
    const at = "testers" in value ? 4 : 2;
    expect(rows.map(({ line }) => line)).toEqual([at, at + 5]);
    expect(rows[1]).toMatchObject({ record: { machine: "vm-bob", externalId: "9" } });
    expect(ignored).toEqual(["note"]);
  }
});

test("a record that is wrong: named with its line and its field, and the others are read", async () => {
  const { rows } = await read(
    `[{"username": "Anna Smith", "machine": "vm"},
{"username": "bob", "machine": "vm-bob", "host": "x", "port": "ssh"},
17,
{"username": "carol", "machine": "vm-carol", "expires_at": "2030-01-01 10:00"}]`,
  );
  expect(rows).toMatchObject([
    { line: 1, problem: { why: expect.stringContaining("username: must be a Linux username") as string } },
    { line: 2, who: "bob", problem: { why: expect.stringContaining("port: must be") as string } },
    { line: 3, problem: { why: "it is no object" } },
    { line: 4, record: { expiresAt: "2030-01-01T10:00:00Z" } },
  ]);
});

test.each([
  [
    "tester",
    "username,machine,host\nanna,vm-1,a\nanna,vm-2,b\n",
    "the tester anna already appears on line 2",
  ],
  [
    "machine",
    "username,machine,host\nanna,vm-1,a\nbob,vm-1,b\n",
    "the machine vm-1 already appears on line 2",
  ],
  ["address", "username,machine,host\nanna,vm-1,a\nbob,vm-2,a\n", "a:22 already appears on line 2"],
])("two records about one %s: the later one is refused", async (_, content, why) => {
  const { rows } = await read(content);
  expect(rows[0]).toHaveProperty("record");
  expect(rows[1]).toMatchObject({ line: 3, problem: { why } });
});

test.each([
  ["name,host\nvm,a\n", /no column username/],
  ["username,host\nanna,a\n", /no column machine/],
  ["username,machine\n", /has no records/],
  ['username,machine\nanna,"vm\n', /a quote that is never closed/],
  ['{"people": []}', /neither a list nor/],
  ["[1,", /is no JSON/],
])("a file that cannot be read as a whole: %j → wrong use", async (content, message) => {
  await expect(read(content)).rejects.toMatchObject({
    exit: 2,
    message: expect.stringMatching(message) as string,
  });
});
