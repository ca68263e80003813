import { chmod, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { execDriver } from "../../../../src/relay/drivers/exec/driver.ts";
import type { ExecOptions } from "../../../../src/relay/drivers/exec/driver.ts";
import { request, soon } from "../conformance.ts";
import { script } from "./script.ts";

/** What the driver asks of a program, and what it makes of the answers. */
const driverOf = (program: string, options: Partial<ExecOptions> = {}) =>
  execDriver({ program, installation: "i1", node: "n1", ...options });

const MACHINE = `{"name":"wp-1","state":"running","ssh":{"host":"127.0.0.1","port":22}}`;

test("a program gets the command as its only argument, its input on stdin, and no environment but its own", async () => {
  await using program = await script(`
    tr '\\0' '\\n' </proc/$$/environ >"$folder/env"; echo "$# $1" >"$folder/args"; cat >"$folder/input"; pwd >"$folder/pwd"
    echo '${MACHINE}'`);
  const wanted = await request("wp-1");
  const machine = await driverOf(program.path, { env: { PROVIDER: "x" } }).create(wanted, soon());
  const endpoint = { host: "127.0.0.1", port: 22 };
  expect(machine).toEqual({ name: "wp-1", ref: "wp-1", state: "running", ssh: endpoint, access: endpoint });
  const seen = (file: string) => readFile(join(program.folder, file), "utf8");
  expect(await seen("args")).toBe("1 create\n");
  expect(JSON.parse(await seen("input"))).toEqual(wanted);
  expect(await seen("pwd")).toBe("/\n");
  const names = (await seen("env"))
    .trim()
    .split("\n")
    .map((line) => line.split("=")[0]);
  const expected = ["HOME", "PATH", "PROVIDER", "WARMPOOL_INSTALLATION", "WARMPOOL_NODE"];
  expect(new Set(names)).toEqual(new Set(expected));
});

describe("exit codes", () => {
  test.each([
    ["create", 31, "exists", "found that the machine already exists: why"],
    ["create", 32, "no_capacity", "found no capacity: why"],
    ["create", 75, "retry", "asked for a retry later: why"],
    ["create", 1, "failed", "exited with 1: why"],
    ["create", 30, "failed", "exited with 30 (no such machine): why"],
    ["start", 30, "failed", "exited with 30 (no such machine): why"],
    ["start", 31, "failed", "exited with 31 (already exists), which only create may return: why"],
    ["stop", 75, "retry", "asked for a retry later: why"],
    ["delete", 1, "failed", "exited with 1: why"],
  ] as const)("%s that ends with %i is %s", async (command, exit, code, words) => {
    await using program = await script(`echo why >&2; exit ${exit}`);
    const driver = driverOf(program.path);
    const call =
      command === "create" ? driver.create(await request("wp-1"), soon()) : driver[command]("wp-1", soon());
    const message = `${command} of wp-1 by ${program.path} ${words}`;
    await expect(call).rejects.toMatchObject({ name: "DriverError", code, message });
  });

  test("30 is no error of get, stop and delete", async () => {
    await using program = await script("exit 30");
    const driver = driverOf(program.path);
    expect(await driver.get("wp-1", soon())).toBeNull();
    expect(await driver.evidence("wp-1", soon())).toEqual({});
    await driver.stop("wp-1", soon());
    await driver.delete("wp-1", soon());
  });

  test("ended by a signal is none of them", async () => {
    await using program = await script("kill -KILL $$");
    const list = driverOf(program.path).list(soon());
    await expect(list).rejects.toMatchObject({
      code: "retry",
      message: expect.stringContaining("SIGKILL") as string,
    });
  });
});

describe("what a program prints", () => {
  const list = async (body: string) => {
    await using program = await script(body);
    return await driverOf(program.path).list(soon());
  };

  test("a listing without complete: true is not complete, and proves no storage", async () => {
    expect(await list(`echo '{"machines":[${MACHINE}]}'`)).toMatchObject({
      complete: false,
      storageProof: "none",
      machines: [{ name: "wp-1", state: "running" }],
    });
  });

  test.each([
    ["nothing", "true", "exited with 0 but printed nothing. It must print only this on stdout: "],
    ["a log line", "echo listing...", "printed something that is not JSON: listing.... It must print"],
    ["a misspelt key", `echo '{"completed":true,"machines":[]}'`, "completed: unknown field"],
    [
      "another type",
      `echo '{"complete":true,"machines":{}}'`,
      "something unexpected (machines: must be a list",
    ],
    [
      "a state of its own",
      `echo '${MACHINE.replace("running", "up")}' | sed 's/.*/{"machines":[&]}/'`,
      "machines[0].state: must be one of",
    ],
  ])("%s is an error that says what it must print", async (_, body, words) => {
    const refused = expect(list(body)).rejects;
    await refused.toMatchObject({ code: "failed", message: expect.stringContaining(words) as string });
  });

  test("a machine without an address can be listed, but not be the answer to a create", async () => {
    await using program = await script(`echo '{"name":"wp-1","state":"unknown"}'`);
    const driver = driverOf(program.path);
    expect(await driver.get("wp-1", soon())).toMatchObject({ state: "unknown", ssh: { port: 0 } });
    const message = expect.stringContaining("(ssh: ") as string;
    await expect(driver.create(await request("wp-1"), soon())).rejects.toMatchObject({
      code: "failed",
      message,
    });
  });

  test("an answer for another machine is no answer", async () => {
    await using program = await script(`echo '${MACHINE}'`);
    await expect(driverOf(program.path).get("wp-2", soon())).rejects.toThrow(
      /returned wp-1, which is another machine/,
    );
  });

  test("version and capacity", async () => {
    await using program = await script(`case $1 in
      version) echo '{"version":"3.1"}' ;;
      capacity) echo '{"cpus":4,"memoryMib":{"total":8,"available":4,"reserve":2},"disks":[]}' ;;
      esac`);
    const driver = driverOf(program.path);
    expect(await driver.version()).toBe("driver: 3.1");
    expect(await driver.capacity(soon())).toMatchObject({ cpus: 4, memoryMib: { available: 4 }, disks: [] });
  });
});

test("no secret of the call stands in its errors or its evidence", async () => {
  await using program = await script(`case $1 in
    create) cat >&2; echo "token $TOKEN" >&2; exit 1 ;;
    get) printf '{"name":"wp-1","state":"unknown","evidence":{"log":"used %s"}}' "$TOKEN" ;;
    esac`);
  const driver = driverOf(program.path, { env: { TOKEN: "hunter2-hunter2" } });
  const wanted = await request("wp-1");
  const error: unknown = await driver.create(wanted, soon()).catch((reason: unknown) => reason);
  const words = String(error);
  expect(words).toContain("token ***");
  const [, body = ""] = wanted.hostKey.privateKey.split("\n");
  expect(words).not.toContain(body);
  expect(words).not.toContain("hunter2");
  await using echo = await script("cat; echo and more");
  const echoed = String(
    await driverOf(echo.path)
      .create(wanted, soon())
      .catch((reason: unknown) => reason),
  );
  expect(echoed).toContain("printed something that is not JSON: {");
  expect(echoed).not.toContain(wanted.hostKey.privateKey.split("\n")[0]);
  expect(await driver.evidence("wp-1", soon())).toEqual({ log: "used ***" });
});

test("a program that is not there or cannot be run is named, with what to look at", async () => {
  await using program = await script("true");
  await expect(driverOf("/nowhere/driver").version()).rejects.toThrow(
    /\/nowhere\/driver could not be started \(ENOENT\)/,
  );
  await chmod(program.path, 0o644);
  await expect(driverOf(program.path).version()).rejects.toThrow(/\(EACCES\).*chmod \+x/);
});
