import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { makeKeyPair } from "../../../../src/relay/ssh/hostKey.ts";
import { driverConformance, request, rootLogin, soon } from "../conformance.ts";
import { login } from "../login.ts";
import { nobodyUnderTest } from "./nobody.ts";
import { addAccount } from "./sshServer/accounts.ts";
import { isNight } from "../../../helpers/nightly.ts";

// An ordinary user's run of the other files is this already.
describe.runIf(process.geteuid?.() === 0)("without root", () => {
  // The driver is the same code as with root, which passes more of them by day (conformance.machines.test.ts).
  driverConformance("local", nobodyUnderTest, 6);

  test("it says so, and every account is the user who runs the relay, in the machine's folder", async () => {
    await using under = await nobodyUnderTest();
    expect(await under.driver.version()).toMatch(/no root/);
    const machine = await under.driver.create(await request(), soon());
    using root = await rootLogin(machine);
    const key = makeKeyPair("ann");
    const home = await addAccount(root, "ann", [key.publicKey]);
    expect(home).toBe(`${machine.ref}/home/ann`);
    using ann = await login(machine.ssh, "ann", key);
    const { stdout } = await ann.exec(
      "id -u; pwd; echo $USER $WARMPOOL_UNPRIVILEGED $WARMPOOL_HOMES $WARMPOOL_STATE",
    );
    expect(stdout.split("\n")).toEqual(["65534", home, `ann 1 ${machine.ref}/home ${machine.ref}/state`, ""]);
  });

  test("what its accounts started in sessions of their own ends when it is stopped", async () => {
    await using under = await nobodyUnderTest();
    const machine = await under.driver.create(await request(), soon());
    using root = await rootLogin(machine);
    const { stdout } = await root.exec("setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $!");
    const commandLine = () => {
      const path = `/proc/${stdout.trim()}/cmdline`;
      return existsSync(path) ? readFileSync(path, "utf8") : "";
    };
    expect(commandLine()).toContain("sleep");
    await under.driver.stop(machine.name, soon());
    // That of a zombie, which nobody has reaped yet, is empty.
    expect(commandLine()).toBe("");
  });

  test.runIf(isNight)("it is deleted with the read-only folders that its accounts made", async () => {
    await using under = await nobodyUnderTest();
    const machine = await under.driver.create(await request(), soon());
    using root = await rootLogin(machine);
    expect(await root.exec("mkdir -p a/b && touch a/b/c && chmod 555 a/b && chmod 000 a")).toMatchObject({
      code: 0,
    });
    await under.driver.delete(machine.name, soon());
    expect(await under.driver.list(soon())).toMatchObject({ complete: true, machines: [] });
  });
});
