import { connect } from "node:net";
import { once } from "node:events";
import { createHash, generateKeyPairSync } from "node:crypto";
import { utils } from "ssh2";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { DriverMachine } from "../../../../../src/relay/driver.ts";
import { makeKeyPair } from "../../../../../src/relay/ssh/hostKey.ts";
import { request, rootLogin, soon } from "../../conformance.ts";
import { login } from "../../login.ts";
import type { Login } from "../../login.ts";
import { localUnderTest } from "../machines.ts";
import type { LocalUnderTest } from "../machines.ts";
import { addAccount } from "./accounts.ts";

/** Who gets in, and who does not. One machine serves the file; every test has an account of its own on it. */
const REFUSED = /authentication methods failed/;
let under: LocalUnderTest;
let machine: DriverMachine;
let root: Login;

beforeAll(async () => {
  under = await localUnderTest();
  machine = await under.driver.create(await request(), soon());
  root = await rootLogin(machine);
});

afterAll(async () => {
  root[Symbol.dispose]();
  await under[Symbol.asyncDispose]();
});

test("a key opens the account that authorised it and no other", async () => {
  const key = makeKeyPair("ann");
  await addAccount(root, "ann", ["# a comment", "", makeKeyPair("first").publicKey, `  ${key.publicKey} `]);
  await addAccount(root, "bert", [makeKeyPair("bert").publicKey]);
  using ann = await login(machine.ssh, "ann", key);
  expect(await ann.exec("echo $USER")).toMatchObject({ stdout: "ann\n" });
  for (const other of ["bert", "root", "root:x", "nobody", "ghost", "../root", ""]) {
    await expect(login(machine.ssh, other, key)).rejects.toThrow(REFUSED);
  }
});

test("a key that was taken out no longer works, and one that was put in works at once", async () => {
  const [old, young] = [makeKeyPair("old"), makeKeyPair("young")];
  const home = await addAccount(root, "carl", [old.publicKey]);
  {
    using carl = await login(machine.ssh, "carl", old);
    expect(carl.hostKey).not.toBe("");
  }
  await root.exec(`cat > ${home}/.ssh/authorized_keys`, { stdin: `${young.publicKey}\n` });
  await expect(login(machine.ssh, "carl", old)).rejects.toThrow(REFUSED);
  using carl = await login(machine.ssh, "carl", young);
  expect(await carl.exec("true")).toMatchObject({ code: 0 });
});

test("a password is no way in", async () => {
  await expect(login(machine.ssh, "root", { password: "" })).rejects.toThrow(REFUSED);
  await expect(login(machine.ssh, "root", { password: "secret" })).rejects.toThrow(REFUSED);
});

test.each([
  [
    "rsa",
    () =>
      generateKeyPairSync("rsa", { modulusLength: 3072 }).privateKey.export({ type: "pkcs1", format: "pem" }),
  ],
  [
    "ecdsa",
    () =>
      generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey.export({ type: "sec1", format: "pem" }),
  ],
])("a key of type %s works too", async (name, make) => {
  const privateKey = String(make());
  await addAccount(root, `type${name}`, [publicLine(privateKey)]);
  using opened = await login(machine.ssh, `type${name}`, { privateKey });
  expect(await opened.exec("true")).toMatchObject({ code: 0 });
});

test.each([
  ["the keys are writable by others", "chmod 666 .ssh/authorized_keys"],
  ["the folder of the keys is writable by others", "chmod 777 .ssh"],
  ["the home is writable by others", "chmod 777 ."],
  ["the line carries options", "sed -i 's/^/command=\"true\" /' .ssh/authorized_keys"],
  ["the keys are a pipe", "rm .ssh/authorized_keys && mkfifo -m 600 .ssh/authorized_keys"],
])("sshd would refuse it, and so does this server: %s", async (why, spoil) => {
  const key = makeKeyPair(why);
  const name = `s${createHash("sha256").update(why).digest("hex").slice(0, 12)}`;
  const home = await addAccount(root, name, [key.publicKey]);
  (await login(machine.ssh, name, key))[Symbol.dispose]();
  expect(await root.exec(`cd ${home} && ${spoil}`)).toMatchObject({ code: 0 });
  await expect(login(machine.ssh, name, key)).rejects.toThrow(REFUSED);
});

test("noise on the port ends that connection and no other", async () => {
  for (const noise of [
    "GET / HTTP/1.1\r\n\r\n",
    "SSH-2.0-x\r\n" + "\0".repeat(4096),
    "\xff".repeat(70_000),
  ]) {
    const socket = connect(machine.ssh.port, machine.ssh.host);
    const closed = once(socket, "close", { signal: soon() });
    socket.on("error", () => {}).resume();
    socket.end(Buffer.from(noise, "latin1"));
    await closed;
  }
  expect(await root.exec("echo still here")).toMatchObject({ stdout: "still here\n" });
});

test("twenty at once are served", async () => {
  const key = makeKeyPair("many");
  await addAccount(root, "many", [key.publicKey]);
  const outcomes = Array.from({ length: 20 }, async (_, index) => {
    using one = await login(machine.ssh, "many", key);
    return (await one.exec(`echo ${index}`)).stdout;
  });
  expect(await Promise.all(outcomes)).toEqual(Array.from({ length: 20 }, (_, index) => `${index}\n`));
});

function publicLine(privateKey: string): string {
  const parsed = utils.parseKey(privateKey);
  if (parsed instanceof Error) throw parsed;
  return `${parsed.type} ${parsed.getPublicSSH().toString("base64")}`;
}
