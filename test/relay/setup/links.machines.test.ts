import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { OperationResult } from "../../../src/contract/operationResult.ts";
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

/** What a tester can put in the way of root's hands: nothing of it may lead them elsewhere, or show what it leads to. */
const SECRET = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAtop-secret of-root";

type Tester = { machine: TestMachine; operation: SetupOperation };

async function active(node: TestNode): Promise<Tester> {
  const machine = await node.machine();
  const operation = setupOperation(machine, []);
  expect(await setUp(operation, new TestLease(), node.tools)).toMatchObject({ outcome: "set_up" });
  await node.read(machine, `umask 077; echo '${SECRET}' >/root/secret; echo product=1 >/etc/product.conf`);
  return { machine, operation };
}

/** Gives the tester other keys, as the edge does. */
async function changeKeys(
  node: TestNode,
  { operation }: Tester,
  token = 2,
): Promise<{ result: OperationResult; key: string }> {
  const key = makeKeyPair(`alice@${token}`).publicKey;
  const assignment = { ...operation.assignment, sshKeys: [key], loggedIn: true };
  const change = { ...operation, id: randomUUID(), token, assignment };
  return { result: await setUp(change, new TestLease(), node.tools), key };
}

const asAlice = (script: string): string => `su alice -s /bin/sh -c '${script}'`;
const K = "authorized_keys";

/** Each undoes what the one before it has left. */
const TRICKS = {
  "authorized_keys a link to root's file": asAlice(`ln -sf /root/secret ~/.ssh/${K}`),
  "authorized_keys2 a link to root's file": asAlice(`ln -sf /root/secret ~/.ssh/${K}2`),
  "the file that is written first a link": asAlice(`ln -sf /etc/product.conf ~/.ssh/${K}.new`),
  "the folder .ssh a link to root's": asAlice("rm -r ~/.ssh; ln -s /root/.ssh ~/.ssh"),
  "the folder .ssh a link to one of the tester's": asAlice("mv ~/.ssh ~/keys; ln -s keys ~/.ssh"),
  "the folder .ssh a file": asAlice("rm -r ~/.ssh; echo x >~/.ssh"),
  "authorized_keys a pipe": asAlice(`rm ~/.ssh/${K}; mkfifo ~/.ssh/${K} ~/.ssh/${K}2`),
  "authorized_keys a folder": asAlice(`rm ~/.ssh/${K}; mkdir -p ~/.ssh/${K}/full ~/.ssh/${K}.new/full`),
  "authorized_keys a hard link": asAlice(`rm ~/.ssh/${K}; echo mine >~/file; ln ~/file ~/.ssh/${K}`),
  "authorized_keys enormous": asAlice(`truncate -s 20G ~/.ssh/${K}; truncate -s 20G ~/.ssh/${K}2`),
  "modes that let nobody in": asAlice(`chmod 0 ~/.ssh/${K}; chmod 0500 ~/.ssh`),
  "a folder .ssh that is root's": "chown -R root: /home/alice/.ssh",
};

test("S5 S6 whatever a tester puts in the way, new keys are in place and nothing else is touched or shown", async () => {
  await using node = await testNode();
  const tester = await active(node);
  const { machine } = tester;
  let token = 1;
  for (const [trick, put] of oneIn(4, Object.entries(TRICKS))) {
    await node.read(machine, put);
    const { result, key } = await changeKeys(node, tester, (token += 1));
    expect(result, trick).toMatchObject({ outcome: "set_up", handover: { keys: { alice: [key] } } });
    expect(JSON.stringify(result), trick).not.toMatch(/top-secret|of-root/);
    const seen = `cat /home/alice/.ssh/${K}; stat -c %U.%a.%F /home/alice/.ssh /home/alice/.ssh/${K}
      cat /root/secret /etc/product.conf /root/.ssh/${K}; ls /root/.ssh`;
    expect((await node.read(machine, seen)).split("\n"), trick).toEqual([
      ...[key, "alice.700.directory", "alice.600.regular file"],
      ...[SECRET, "product=1", node.key.publicKey, K],
    ]);
  }
});

testAtNight(
  "S5 what is found at the hand-over is told by kind and fingerprint: no text of a file is in the error",
  async () => {
    await using node = await testNode();
    const found: [name: string, put: string, told: string][] = [
      ["a link that appears late", asAlice(`ln -sf /root/secret ~/.ssh/${K}`), "is not a regular file"],
      [
        "a line that is no key",
        `echo "ssh-rsa-top-secret of-root" >>/home/alice/.ssh/${K}`,
        "not a plain key",
      ],
      ["a key with a comment", `echo "${testerKey} of-root" >>/root/.ssh/${K}`, "ssh-ed25519 SHA256:"],
    ];
    for (const [name, put, told] of found) {
      const script = `echo '${SECRET}' >/root/secret; ${put}`;
      const result = await setUp(
        setupOperation(await node.machine(), [["late", script]]),
        new TestLease(),
        node.tools,
      );
      expect(result, name).toMatchObject({
        ...{ reason: "handover_failed", step: "handover" },
        message: expect.stringContaining(told) as string,
      });
      expect(JSON.stringify(result), name).not.toMatch(/top-secret|of-root/);
    }
  },
);

/** A service whose home a tester may write to. */
const SERVICE = `useradd --system --create-home --home-dir /var/lib/product product
  chmod 0777 /var/lib/product; chown product /etc/product.conf
  mkdir /etc/product.d; echo product=2 >/etc/product.d/${K}; chown -R product /etc/product.d`;
const OTHERS = {
  "its keys a link to its settings": `mkdir $d/.ssh; ln -s /etc/product.conf $d/.ssh/${K}`,
  "its keys a pipe": `mkdir $d/.ssh; mkfifo $d/.ssh/${K}`,
  "its folder .ssh a link to root's": "ln -s /root/.ssh $d/.ssh",
  "its folder .ssh a link to a folder of its own": "ln -s /etc/product.d $d/.ssh",
  "a key of the tester's": `mkdir $d/.ssh; echo "${testerKey}" >$d/.ssh/${K}`,
};

testAtNight(
  "S6 a service account whose home the tester may write to loses its keys and nothing else",
  async () => {
    await using node = await testNode();
    const tester = await active(node);
    const { machine } = tester;
    await node.read(machine, SERVICE);
    let token = 1;
    for (const [trick, put] of oneIn(3, Object.entries(OTHERS))) {
      await node.read(machine, `rm -rf /var/lib/product/.ssh; ${asAlice(`d=/var/lib/product; ${put}`)}`);
      const { result, key } = await changeKeys(node, tester, (token += 1));
      expect(JSON.stringify(result), trick).not.toMatch(/top-secret|of-root|product=/);
      const seen = `cat /root/secret /etc/product.conf /etc/product.d/${K} /root/.ssh/${K} /home/alice/.ssh/${K}`;
      expect((await node.read(machine, seen)).split("\n"), trick).toEqual([
        ...[SECRET, "product=1", "product=2", node.key.publicKey, key],
      ]);
      expect(
        (await node.exec(machine, `grep -q ssh-ed25519 /var/lib/product/.ssh/${K}`)).code,
        trick,
      ).not.toBe(0);
    }
  },
);

testAtNight("S6 a home that is replaced by a link to root's again and again never leads there", async () => {
  await using node = await testNode();
  const tester = await active(node);
  const { machine } = tester;
  const service = `mkdir -m 0777 /srv/pub; useradd --system --home-dir /srv/pub/product product
    mkdir -m 0777 /srv/pub/product; echo mine >/root/.ssh/other`;
  const swap = `cd /srv/pub; mkdir -p product/.ssh; echo x >product/.ssh/${K}; mv product real
    while :; do ln -sfn /root product; mv -T product gone; ln -sfn real product; mv -T product gone; done`;
  await node.read(machine, `${service}\n${asAlice(`setsid sh -c "${swap}" >/dev/null 2>&1 &`)}`);
  for (const token of [2, 3]) await changeKeys(node, tester, token);
  expect(await node.read(machine, `cat /root/.ssh/${K} /root/.ssh/other; ls /root/.ssh`)).toBe(
    `${node.key.publicKey}\nmine\n${K}\nother`,
  );
});
