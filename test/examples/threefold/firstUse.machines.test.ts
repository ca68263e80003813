import { expect, test } from "vitest";
import { freePort } from "../../../src/relay/conformance/ports.ts";
import { makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { connect } from "../../../src/relay/ssh/ssh.ts";
import { localMachines } from "../../../examples/drivers/threefold/simulator/localMachines.ts";
import { deadline } from "../../helpers/patience.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { requestOf, testGrid } from "./grid.ts";

/** Machines of a simulated grid are small systems of their own, which need root. */
const isRoot = process.geteuid?.() === 0;

test.runIf(isRoot)(
  "a machine that makes its own host key, behind a route that is found late: after create it has the pinned one, and only the keys that were asked for",
  async () => {
    await using folder = await temporaryFolder();
    await using hypervisor = localMachines(folder.path, 200);
    await using grid = await testGrid({}, hypervisor);
    const signal = deadline(60);
    const keys = [makeKeyPair("relay"), makeKeyPair("admin")];
    const request = requestOf("demo-1", 10, await freePort());
    request.authorizedKeys = keys.map(({ publicKey }) => publicKey);

    const made = await grid.driver.create(request, signal);
    expect(made.ssh).toEqual({ host: "::1", port: request.port });
    const [, pinned = ""] = request.hostKey.publicKey.split(" ");
    const target = { ...made.ssh, hostKey: { type: "ssh-ed25519" as const, key: pinned, fingerprint: "" } };
    for (const { privateKey } of keys) {
      using machine = await connect(target, privateKey, { timeoutSeconds: 10, signal });
      const { stdout } = await machine.exec("cat ~/.ssh/authorized_keys", { timeoutSeconds: 10, signal });
      expect(stdout.toString()).toBe(`${request.authorizedKeys.join("\n")}\n`);
    }
    await grid.driver.delete("demo-1", signal);
    expect(await grid.driver.get("demo-1", signal)).toBeNull();
  },
);
