import { expect, test } from "vitest";
import { makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { keyProblems, parseKeys } from "../../../src/relay/setup/handover.ts";
import { setUp } from "../../../src/relay/setup/setup.ts";
import { TestLease } from "../helpers/lease.ts";
import { testNode, testOnSystem } from "../helpers/node.ts";
import { setupOperation, testerKey } from "../helpers/setup.ts";
import { oneIn } from "../../helpers/nightly.ts";

const stranger = makeKeyPair("stranger@elsewhere").publicKey;
const admin = makeKeyPair("admin").publicKey;
const relay = makeKeyPair("relay").publicKey;
const expected = { username: "alice", testerKeys: [testerKey], rootKeys: [relay, admin] };
const clean = { root: [relay, admin], alice: [testerKey] };

test("what is read back is parsed by account: comments and empty lines are no keys", () => {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const text = `root ${base64(`# a comment\n\n ${relay} \n`)}\nroot ${base64(admin)}\nbob \n! eve .ssh is a link\n`;
  expect(parseKeys(`${text}.\n`)).toEqual({
    keys: { root: [relay, admin], bob: [] },
    odd: ["eve's account: .ssh is a link."],
  });
  expect(parseKeys(text)).toBeNull();
});

test.each([
  ["clean", clean, []],
  [
    "a key with another comment is the same key",
    { ...clean, alice: [testerKey.replace(/ [^ ]+$/, " renamed")] },
    [],
  ],
  ["another account with an admin's key", { ...clean, debian: [admin] }, []],
  [
    "a stranger's key on the tester's account",
    { ...clean, alice: [testerKey, stranger] },
    [/^The account alice.*SHA256:/],
  ],
  [
    "a stranger's key on root's",
    { ...clean, root: [relay, admin, stranger] },
    [/account root.*did not install/],
  ],
  ["a stranger's key on another account", { ...clean, debian: [stranger] }, [/^The account debian/]],
  [
    "the tester's key on root's account",
    { ...clean, root: [relay, admin, testerKey] },
    [/^The account root/],
  ],
  ["an admin's key on the tester's account", { ...clean, alice: [testerKey, admin] }, [/^The account alice/]],
  [
    "a key behind options",
    { ...clean, alice: [testerKey, `command="x" ${testerKey}`] },
    [/not a plain key\.$/],
  ],
  ["the tester's key is missing", { ...clean, alice: [] }, [/^The account alice lacks/]],
  ["root has no file at all", { alice: [testerKey] }, [/^The account root lacks/, /^The account root lacks/]],
])("R13 read back: %s", (_, keys, problems) => {
  const found = keyProblems(keys, expected);
  expect(found).toHaveLength(problems.length);
  for (const [index, problem] of problems.entries()) expect(found[index]).toMatch(problem);
});

testOnSystem.each(
  oneIn(2, [
    ["the tester's", "/home/alice/.ssh/authorized_keys"],
    ["root's second", "/root/.ssh/authorized_keys2"],
    ["another account's", "/home/mallory/.ssh/authorized_keys"],
  ]),
)("R13 a key that a step puts into %s file is found on the machine, and nobody gets it", async (_, file) => {
  await using node = await testNode();
  const machine = await node.machine();
  const script = `id mallory 2>/dev/null || useradd -m mallory
    mkdir -p $(dirname ${file}); echo '${stranger}' >>${file}`;
  expect(await setUp(setupOperation(machine, [["bad", script]]), new TestLease(), node.tools)).toMatchObject({
    outcome: "setup_failed",
    reason: "handover_failed",
    step: "handover",
    message: expect.stringMatching(
      /a key that Warmpool did not install: ssh-ed25519 SHA256:\S+\.$/,
    ) as string,
  });
});

testOnSystem("R13 admins' keys stay where the pool keeps them, and go where it does not", async () => {
  await using node = await testNode();
  const machine = await node.machine([admin]);
  const keeping = setupOperation(machine, [["a", "true"]], { adminSshKeys: [admin] });
  expect(await setUp(keeping, new TestLease(), node.tools)).toMatchObject({
    handover: {
      hostKey: machine.hostKey.fingerprint,
      keys: { root: [node.key.publicKey, admin], alice: [testerKey] },
    },
  });
  const dropping = setupOperation(
    machine,
    [["a", "true"]],
    { ...keeping.assignment, adminSshKeys: [] },
    { token: 2 },
  );
  expect(await setUp(dropping, new TestLease(), node.tools)).toMatchObject({
    handover: { keys: { root: [node.key.publicKey], alice: [testerKey] } },
  });
  expect(await node.read(machine, "cat /root/.ssh/authorized_keys")).toBe(node.key.publicKey);
});
