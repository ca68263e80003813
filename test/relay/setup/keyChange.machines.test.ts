import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { SetupOperation } from "../../../src/contract/relay.ts";
import { makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { setUp } from "../../../src/relay/setup/setup.ts";
import { TestLease } from "../helpers/lease.ts";
import {
  type TestMachine,
  type TestNode,
  testNode,
  testAtNight,
  testOnSystem as test,
} from "../helpers/node.ts";
import { setupOperation, testerKey } from "../helpers/setup.ts";
import { oneIn } from "../../helpers/nightly.ts";

const next = makeKeyPair("alice@desk").publicKey;
const NEVER_ENDS = "exec 9>>alive; flock 9; exec sleep 1000";

/** The same tester's other keys, as the edge asks for them. */
const change = (operation: SetupOperation, token: number, machine: TestMachine): SetupOperation => ({
  ...operation,
  machine,
  ...{ id: randomUUID(), token },
  assignment: { ...operation.assignment, sshKeys: [next], loggedIn: true },
});

/** Home and Warmpool's state on one small file system, as they are on a machine's disk; then it is full. */
const fill = (also = "") => `set -e
  mkdir /disk; mount -t tmpfs -o size=1400k none /disk
  for at in /home/alice /var/lib/warmpool; do
    cp -a $at /disk; mount --bind /disk/$(basename $at) $at
  done
  ${also}
  chmod 0777 /disk; head -c 5000000 /dev/zero >/disk/full 2>/dev/null || true`;
/** More than one page of a file system: what one removed file gives back is too little. */
const many = [next, ...Array.from({ length: 60 }, (_, index) => makeKeyPair(`alice@${index}`).publicKey)];
const SPENT = "rm /var/lib/warmpool/reserve";
const KEYS = "/home/alice/.ssh/authorized_keys";

/** A tester with their keys, on a disk that is full. */
async function full(node: TestNode, also = "") {
  const machine = await node.machine();
  const operation = setupOperation(machine, []);
  expect(await setUp(operation, new TestLease(), node.tools)).toMatchObject({ outcome: "set_up" });
  await node.read(machine, fill(also));
  expect((await node.exec(machine, "head -c 9000 /dev/zero >/home/alice/more")).code).not.toBe(0);
  return {
    machine,
    keys: () => node.read(machine, `cat ${KEYS}; ls -A /home/alice/.ssh`),
    change: async (sshKeys: string[]) => {
      const changed = change(operation, 2, machine);
      const assignment = { ...changed.assignment, sshKeys };
      return setUp({ ...changed, assignment }, new TestLease(), node.tools);
    },
  };
}

test("A5 a tester who has filled the disk keeps nobody from replacing their keys", async () => {
  await using node = await testNode();
  const { change: replace, keys } = await full(node);
  expect(await replace(many)).toMatchObject({ outcome: "set_up", handover: { keys: { alice: many } } });
  expect(await keys()).toBe([...many, "authorized_keys"].join("\n"));
});

testAtNight(
  "A5 the reserve is spent too and a key's access ends → it goes, and the error says that none is left",
  async () => {
    await using node = await testNode();
    const { change: replace, machine } = await full(node, SPENT);
    expect(await replace(many)).toMatchObject({
      ...{ outcome: "setup_failed", reason: "keys_removed" },
      message: expect.stringContaining("No space left on device") as string,
    });
    expect(await node.read(machine, "ls -A /home/alice/.ssh")).toBe("");
  },
);

testAtNight("A5 the reserve is spent too and no key's access ends → the keys before stay", async () => {
  await using node = await testNode();
  const { change: replace, keys } = await full(node, SPENT);
  expect(await replace([testerKey, ...many])).toMatchObject({
    ...{ outcome: "setup_failed", reason: "machine_refused" },
    message: expect.stringContaining("the previous ones still open it") as string,
  });
  expect(await keys()).toBe(`${testerKey}\nauthorized_keys`);
});

testAtNight(
  "A5 no room for an admin's key → root's keys stay as they were, the relay's among them",
  async () => {
    await using node = await testNode();
    const { change: replace, machine } = await full(
      node,
      `${SPENT}; cp -a /root /disk; mount --bind /disk/root /root`,
    );
    const before = await node.read(machine, "cat /root/.ssh/authorized_keys");
    const changed = change(setupOperation(machine, []), 3, machine);
    expect(await replace([testerKey])).toMatchObject({ outcome: "set_up" });
    const assignment = { ...changed.assignment, sshKeys: [testerKey], adminSshKeys: many };
    expect(await setUp({ ...changed, assignment }, new TestLease(), node.tools)).toMatchObject({
      ...{ outcome: "setup_failed", message: expect.stringContaining("the account root") as string },
    });
    expect(await node.read(machine, "cat /root/.ssh/authorized_keys")).toBe(before);
  },
);

test("S9 root on a machine who keeps the keys from being replaced makes it fail in time, and be told", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const operation = setupOperation(machine, []);
  expect(await setUp(operation, new TestLease(), node.tools)).toMatchObject({ outcome: "set_up" });
  const keys = `/run/warmpool/keys/${operation.assignment.id}`;
  const tricks = {
    "the fence is higher than any": "echo 999999999 >/var/lib/warmpool/fence",
    "the runner never ends": `rm -f /var/lib/warmpool/fence; mkdir -p ${keys}; cd ${keys}; setsid sh -c '${NEVER_ENDS}' >/dev/null 2>&1 &`,
  };
  let token = 1;
  for (const [trick, put] of oneIn(2, Object.entries(tricks))) {
    await node.read(machine, put);
    const result = await setUp(change(operation, (token += 1), machine), new TestLease(), node.tools, 10, 3);
    expect(result, trick).toMatchObject({
      ...{ outcome: "setup_failed", reason: "machine_refused" },
      message: "The keys on the machine could not be replaced within 3 s.",
    });
  }
});
