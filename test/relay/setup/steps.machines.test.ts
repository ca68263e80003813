import { randomUUID } from "node:crypto";
import { expect } from "vitest";
import type { Progress } from "../../../src/contract/progress.ts";
import { makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { planOf } from "../../../src/relay/setup/plan.ts";
import { setUp } from "../../../src/relay/setup/setup.ts";
import { TestLease } from "../helpers/lease.ts";
import { testNode, testAtNight, testOnSystem as test } from "../helpers/node.ts";
import { setupOperation } from "../helpers/setup.ts";
import { atNight } from "../../helpers/nightly.ts";

function logOf(told: Progress[]): string {
  return told.flatMap((progress) => (progress.kind === "setup" ? [progress.log?.text ?? ""] : [])).join("");
}

test("a failed step ends the set-up with its exit code and last words; a retry runs only what is not done", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const steps: [string, string][] = [
    ["first", "echo first >>/root/trace"],
    ["second", "echo second >>/root/trace; echo the disk is full; [ -f /root/fixed ] || exit 3"],
    ["third", "echo third >>/root/trace"],
  ];
  const operation = setupOperation(machine, steps);
  expect(await setUp(operation, new TestLease(), node.tools)).toEqual({
    outcome: "setup_failed",
    reason: "step_failed",
    step: "second",
    exitCode: 3,
    message: 'Step "Do second" failed with exit code 3. The end of its log:\nthe disk is full',
  });
  expect(await node.read(machine, "cat /root/trace")).toBe("first\nsecond");

  // Leased again, the same operation believes what is written; another one, a retry, tries again.
  expect(await setUp({ ...operation, token: 2 }, new TestLease(), node.tools)).toMatchObject({
    reason: "step_failed",
  });
  await node.exec(machine, "touch /root/fixed");
  const retry = { ...operation, id: randomUUID(), token: 3 };
  expect(await setUp(retry, new TestLease(), node.tools)).toMatchObject({ outcome: "set_up" });
  expect(await node.read(machine, "cat /root/trace")).toBe("first\nsecond\nsecond\nthird");
});

test("a step that was done runs again when its script or an input is another, and only then", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const trace = "echo $WARMPOOL_PARAM_color >>/root/trace";
  const first = setupOperation(machine, [["a", trace]], { params: { color: "red" } });
  const again = { ...first, id: randomUUID(), token: 2 };
  const other = setupOperation(
    machine,
    [["a", trace]],
    { ...first.assignment, params: { color: "blue" } },
    { token: 3 },
  );
  for (const operation of [first, again, other]) {
    expect(await setUp(operation, new TestLease(), node.tools)).toMatchObject({ outcome: "set_up" });
  }
  expect(await node.read(machine, "cat /root/trace")).toBe("red\nblue");
});

testAtNight(
  "a run for other keys, without the recipe's steps, changes the keys and leaves what was done",
  async () => {
    await using node = await testNode();
    const machine = await node.machine();
    const first = setupOperation(machine, [["a", "echo a >>/root/trace"]]);
    expect(await setUp(first, new TestLease(), node.tools)).toMatchObject({ outcome: "set_up" });
    const other = makeKeyPair("alice@desk").publicKey;
    const change = { ...first.assignment, sshKeys: [other], loggedIn: true };
    const ended = await setUp(setupOperation(machine, [], change, { token: 2 }), new TestLease(), node.tools);
    expect(ended).toMatchObject({ outcome: "set_up", handover: { keys: { alice: [other] } } });
    expect(await node.read(machine, "cat /root/trace")).toBe("a");
  },
);

test.each(
  atNight([
    ["that can be told to end", "sleep 300 & sleep 300"],
    ["that does not listen", "trap '' TERM; sleep 300 & while :; do sleep 0.1; done"],
  ]),
)("a step %s is ended when its time is over, with all it started", async (_, script) => {
  await using node = await testNode();
  const machine = await node.machine();
  // What does not listen is killed after a moment instead of five seconds.
  await node.exec(
    machine,
    `printf '#!/bin/sh\n[ "$1" = -k ] && shift 2 && set -- -k 0.3 "$@"\nexec /usr/bin/timeout "$@"\n' >/usr/local/bin/timeout && chmod 755 /usr/local/bin/timeout`,
  );
  const operation = setupOperation(machine, [["slow", script, 1]]);
  expect(await setUp(operation, new TestLease(), node.tools)).toMatchObject({
    outcome: "setup_failed",
    reason: "step_timed_out",
    step: "slow",
    message: expect.stringContaining('Step "Do slow" timed out after 1 s.') as string,
  });
  expect((await node.exec(machine, "pgrep -x sleep")).code).toBe(1);
});

testAtNight("a program that a step leaves behind lives on, and holds nothing up", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const script = "setsid sh -c 'while :; do sleep 0.2; done' & echo $! >/root/daemon";
  expect(
    await setUp(setupOperation(machine, [["daemon", script]]), new TestLease(), node.tools),
  ).toMatchObject({
    outcome: "set_up",
  });
  expect((await node.exec(machine, "kill -0 $(cat /root/daemon)")).code).toBe(0);
});

test("inputs arrive as they are, secrets as files that are gone at the end; neither is in arguments or the log", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const value = `it's "quoted" $HOME \\n\n  two lines, ünïcödé `;
  const secret = "s3cret-value\nsecond-part";
  const script = `
    printf %s "$WARMPOOL_PARAM_text" >/root/text
    stat -c %a "$WARMPOOL_SECRETS/token" >/root/mode
    cp "$WARMPOOL_SECRETS/token" /root/token
    env >/root/env; cat /proc/[0-9]*/cmdline | tr '\\0' ' ' >/root/arguments
    cat "$WARMPOOL_SECRETS/token"; echo "with $(head -n 1 "$WARMPOOL_SECRETS/token") inside"
    echo "$WARMPOOL_USERNAME $WARMPOOL_HOME $WARMPOOL_HTTP_PORT $WARMPOOL_HTTP_URL"`;
  const lease = new TestLease();
  const operation = setupOperation(machine, [["a", script]], {
    params: { text: value },
    secrets: { token: secret },
  });
  expect(await setUp(operation, lease, node.tools)).toMatchObject({ outcome: "set_up" });

  expect((await node.exec(machine, "cat /root/text")).stdout.toString()).toBe(value);
  expect((await node.exec(machine, "cat /root/token")).stdout.toString()).toBe(secret);
  expect(await node.read(machine, "cat /root/mode")).toBe("600");
  expect(await node.read(machine, "cat /root/env /root/arguments")).not.toContain("s3cret-value");
  expect(await node.read(machine, "cat /root/arguments")).not.toContain("quoted");
  const log = logOf(lease.told);
  expect(log).toContain("***");
  expect(log).not.toMatch(/s3cret-value|second-part/);
  const { httpPort } = machine;
  expect(log).toContain(`alice /home/alice ${httpPort} http://127.0.0.1:${httpPort}/`);
  await node.exec(machine, "rm /root/token");
  expect(
    (await node.exec(machine, "grep -rlF -e s3cret-value -e second-part /var/lib/warmpool/setup/*/[!l]*"))
      .code,
  ).toBe(1);
});

testAtNight("secrets are wiped where a run is given up because it never reached its end", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const operation = setupOperation(machine, [["a", "exit 1"]], { secrets: { token: "s3cret-value" } });
  // As a machine is that was switched off in the middle of the run five times.
  const dir = `/var/lib/warmpool/setup/${operation.assignment.id}`;
  const { run } = planOf(operation, node.tools.key.publicKey);
  await node.exec(
    machine,
    `mkdir -p ${dir}/secrets && echo ${run} >${dir}/run && echo 5 >${dir}/starts && echo s3cret-value >${dir}/secrets/token`,
  );
  expect(await setUp(operation, new TestLease(), node.tools)).toMatchObject({
    reason: "machine_refused",
    message: expect.stringContaining("never finished"),
  });
  expect((await node.exec(machine, `grep -rlF s3cret-value ${dir}`)).code).toBe(1);
});

testAtNight(
  "a machine that starts nothing forgets the secrets, and none is in the words it had for it",
  async () => {
    await using node = await testNode();
    const machine = await node.machine();
    const operation = setupOperation(machine, [["a", "exit 1"]], { secrets: { token: "s3cret-value" } });
    const fake = `printf '#!/bin/sh\ncat "$3/secrets/token"\n' >/usr/local/bin/setsid && chmod 755 /usr/local/bin/setsid`;
    await node.exec(machine, fake);
    // It is looked for two hundred times, and without a pause between.
    await node.exec(machine, "ln -s /bin/true /usr/local/bin/sleep");
    expect(await setUp(operation, new TestLease(), node.tools)).toMatchObject({
      reason: "machine_refused",
      message: expect.stringMatching(/could not be started on the machine \(exit 74\): \*\*\*$/),
    });
    expect(
      (await node.exec(machine, `ls /var/lib/warmpool/setup/${operation.assignment.id}/secrets`)).code,
    ).not.toBe(0);
  },
);

testAtNight("secrets are wiped after a failed run too", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const operation = setupOperation(machine, [["a", "exit 1"]], { secrets: { token: "s3cret-value" } });
  expect(await setUp(operation, new TestLease(), node.tools)).toMatchObject({ reason: "step_failed" });
  expect((await node.exec(machine, "grep -rF s3cret-value /var/lib/warmpool")).code).toBe(1);
});

test("the log is whole and in order, however long: markers out, half lines kept, pieces without gaps", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const script = `
    seq 1 40000
    echo "::output first=1" ; echo "::output url=http://x/?a=b=c"
    i=0; while [ $i -lt 3000 ]; do printf 'äöü€ '; i=$((i + 1)); done
    printf 'no newline'`;
  const lease = new TestLease();
  const result = await setUp(setupOperation(machine, [["long", script]]), lease, node.tools);
  expect(result).toMatchObject({ outcome: "set_up", outputs: { first: "1", url: "http://x/?a=b=c" } });
  const numbers = Array.from({ length: 40_000 }, (_, index) => `${index + 1}\n`).join("");
  expect(logOf(lease.told)).toMatch(/^== \d\d:\d\d:\d\d UTC step 1 of 3: Prepare the account\n/);
  expect(logOf(lease.told).replaceAll(/^== \d\d:.*\n/gm, "")).toBe(
    `The account alice is ready: 1 key(s), sudo: no.\n${numbers}${"äöü€ ".repeat(3000)}no newline\n`,
  );
});

testAtNight("a script with a #! line of its own is run by that", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  const script = "#!/usr/bin/perl\nprint '::output by=', 'perl', chr(10);";
  expect(await setUp(setupOperation(machine, [["perl", script]]), new TestLease(), node.tools)).toMatchObject(
    {
      outputs: { by: "perl" },
    },
  );
});

test("under systemd a step has the same who and where as without it", async () => {
  await using node = await testNode();
  const machine = await node.machine();
  // A stand-in: as the real one it passes nothing on but what it is told to.
  const systemd = `#!/bin/sh
for word; do case $word in --setenv=*) set -- "$@" "\${word#--setenv=}" ;; /bin/sh) break ;; esac; done
given=; while [ "$1" != /bin/sh ]; do shift; done
sh=$1 runner=$2 dir=$3 run=$4; shift 4
setsid env -i "$@" "$sh" "$runner" "$dir" "$run" </dev/null >/dev/null 2>&1 &
`;
  const put = `mkdir -p /run/systemd/system; cat >/usr/local/bin/systemd-run <<'END'\n${systemd}END\nchmod +x /usr/local/bin/systemd-run`;
  await node.read(machine, put.replaceAll("\\n", "\n"));
  const script = 'for name in USER LOGNAME HOME SHELL LANG; do eval echo "::output $name=\\$$name"; done';
  expect(await setUp(setupOperation(machine, [["env", script]]), new TestLease(), node.tools)).toMatchObject({
    outcome: "set_up",
    outputs: { USER: "root", LOGNAME: "root", HOME: "/root", SHELL: "/bin/bash", LANG: "C.UTF-8" },
  });
});
