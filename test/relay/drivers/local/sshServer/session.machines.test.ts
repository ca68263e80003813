import { randomBytes, randomInt } from "node:crypto";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DriverMachine } from "../../../../../src/relay/driver.ts";
import { makeKeyPair } from "../../../../../src/relay/ssh/hostKey.ts";
import { until } from "../../../../helpers/until.ts";
import { request, rootLogin, soon } from "../../conformance.ts";
import { login } from "../../login.ts";
import type { Login } from "../../login.ts";
import { localUnderTest } from "../machines.ts";
import type { LocalUnderTest } from "../machines.ts";
import { addAccount } from "./accounts.ts";

/** What a command gets and gives. One machine serves the file; `ann` is an account on it. */
const key = makeKeyPair("ann");
let under: LocalUnderTest;
let machine: DriverMachine;
let root: Login;
let ann: Login;
let home: string;

beforeAll(async () => {
  under = await localUnderTest();
  machine = await under.driver.create(await request(), soon());
  root = await rootLogin(machine);
  home = await addAccount(root, "ann", [key.publicKey]);
  ann = await login(machine.ssh, "ann", key);
});

afterAll(async () => {
  for (const one of [root, ann]) one[Symbol.dispose]();
  await under[Symbol.asyncDispose]();
});

/** An argument that nothing else on this host has: without root the machine's processes are among the host's. */
const marker = () => randomInt(10 ** 8, 10 ** 9);
const alive = async (pattern: string) => (await root.exec(`pgrep -f '${pattern}'`)).code === 0;

test.each([
  ["exit 0", { code: 0, signal: null }],
  ["exit 200", { code: 200, signal: null }],
  ["kill -TERM $$", { code: null, signal: "SIGTERM" }],
  ["kill -KILL $$", { code: null, signal: "SIGKILL" }],
  ["no-such-program", { code: 127, signal: null }],
])("%s ends as it did on the machine", async (command, ending) => {
  expect(await ann.exec(command)).toMatchObject(ending);
});

test("stdin comes through whole and ends", async () => {
  const sent = randomBytes(3 * 2 ** 20);
  const { stdout } = await ann.exec("base64 -w0", { stdin: sent });
  expect(stdout).toBe(sent.toString("base64"));
});

test("stdout and stderr are kept apart and lose nothing", async () => {
  const { code, stdout, stderr } = await ann.exec(
    "head -c 3000000 /dev/zero | tr '\\0' o; head -c 3000000 /dev/zero | tr '\\0' e >&2; exit 4",
  );
  expect({ code, stdout: stdout.length, stderr: stderr.length }).toEqual({
    code: 4,
    stdout: 3_000_000,
    stderr: 3_000_000,
  });
  expect(/^o*$/.test(stdout) && /^e*$/.test(stderr)).toBe(true);
});

test("stdout and stderr at the same time, both more than the client has room for, come whole again and again", async () => {
  const loud = (letter: string) => `(head -c 5000000 /dev/zero | tr '\\0' ${letter})`;
  for (let n = 0; n < 5; n += 1) {
    const ran = await ann.exec(`${loud("o")} & ${loud("e")} >&2 & wait`);
    expect([ran.code, ran.stdout.length, ran.stderr.length]).toEqual([0, 5_000_000, 5_000_000]);
  }
});

test("a command starts in its home with an environment of its own", async () => {
  const { stdout } = await ann.exec("pwd; env");
  const [folder, ...lines] = stdout.trim().split("\n");
  expect(folder).toBe(home);
  expect(lines).toEqual(expect.arrayContaining([`HOME=${home}`, "USER=ann", "LOGNAME=ann", "LANG=C.UTF-8"]));
  expect(stdout).not.toMatch(/HOST_KEY|NODE_OPTIONS|VITEST/);
});

test("a signal sent over the channel reaches the command", async () => {
  const command = await ann.open("trap 'echo got it; exit 9' USR1; echo ready; while :; do sleep 0.1; done");
  await until("the command", () => command.stdout() === "ready\n");
  command.channel.signal("USR1");
  expect(await command.outcome).toMatchObject({ code: 9, stdout: "ready\ngot it\n" });
});

test("a dropped connection ends what prints, and neither a silent command nor one with a session of its own", async () => {
  const [silent, apart, printing] = [marker(), marker(), marker()];
  const cut = await login(machine.ssh, "ann", key);
  await cut.open(`exec sleep ${silent}`);
  await cut.exec(`setsid sh -c 'exec sleep ${apart}' </dev/null >/dev/null 2>&1 &`);
  const yes = await cut.open(`exec yes ${printing}`);
  await until("the first output", () => yes.stdout() !== "");
  cut.cut();
  await until("the printing command to end", async () => !(await alive(`^yes ${printing}`)));
  for (const left of [silent, apart]) {
    expect(await alive(`^sleep ${left}`)).toBe(true);
    await root.exec(`pkill -f '^sleep ${left}'`);
  }
});

describe("with a terminal", () => {
  test("the command has one, of the size asked for, and its exit code comes back", async () => {
    const pty = { rows: 33, cols: 101, term: "vt100" };
    const { outcome } = await ann.open("tty; stty size; echo $TERM; id -un; exit 6", { pty });
    const { code, stdout } = await outcome;
    expect(code).toBe(6);
    expect(stdout).toMatch(/^\/dev\/pts\/\d+\r\n33 101\r\nvt100\r\n/);
  });

  test("a new size reaches what runs in it", async () => {
    const script = "trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.1; done";
    const command = await ann.open(script, { pty: { rows: 24, cols: 80 } });
    await until("the command", () => command.stdout().includes("ready"));
    command.channel.setWindow(50, 132, 0, 0);
    expect((await command.outcome).stdout).toContain("50 132");
  });

  test("what is typed is read, and a dropped connection hangs it up", async () => {
    const typed = marker();
    const cut = await login(machine.ssh, "ann", key);
    const command = await cut.open(`read line; echo got $line; exec sleep ${typed}`, { pty: true });
    command.channel.write("hello\r");
    await until("an answer", () => command.stdout().includes("got hello"));
    cut.cut();
    await until("the command to be hung up", async () => !(await alive(`^sleep ${typed}`)));
  });
});

test("a login shell answers without a terminal too", async () => {
  const channel = await ann.shell();
  channel.end("echo $0 $HOME\nexit 8\n");
  expect(await text(channel)).toContain(home);
});

describe.runIf(process.geteuid?.() === 0)("as an account of a real system", () => {
  test("a command runs as the user, with all its groups and no more rights", async () => {
    const { stdout } = await ann.exec("id -un; id -Gn; cat /etc/shadow 2>&1; ls /run/warmpool 2>&1");
    expect(stdout).toMatch(/^ann\nann audio\ncat: \/etc\/shadow: Permission denied\nls: .*Permission denied/);
  });

  test("an account whose shell refuses gets nothing", async () => {
    const nologin = makeKeyPair("nologin");
    await addAccount(root, "nologin", [nologin.publicKey]);
    await root.exec("usermod -s /usr/sbin/nologin nologin");
    using opened = await login(machine.ssh, "nologin", nologin);
    expect(await opened.exec("echo in")).toMatchObject({
      code: 1,
      stdout: expect.stringContaining("not available"),
    });
  });
});
