import { expect, test } from "vitest";
import type { CreateRequest } from "../../../src/relay/driver.ts";
import { freePort } from "../../../src/relay/conformance/ports.ts";
import { makeHostKey, makeKeyPair } from "../../../src/relay/ssh/hostKey.ts";
import { connect } from "../../../src/relay/ssh/ssh.ts";
import { settings } from "../../../examples/drivers/proxmox/api.ts";
import { proxmoxDriver } from "../../../examples/drivers/proxmox/proxmox.ts";
import { localMachines } from "../../../examples/drivers/threefold/simulator/localMachines.ts";
import { deadline } from "../../helpers/patience.ts";
import { temporaryFolder } from "../../helpers/temporaryFolder.ts";
import { standIn } from "./standIn.ts";

const OWNER = { installation: "0b7f4a5e-9a55-4c62-8f0e-6f1d2c3b4a59", node: "n1" };

// The stand-in's machines are small systems of their own, which need root.
test.runIf(process.geteuid?.() === 0)(
  "a clone of a template: it has the pinned host key and its mark, and nothing is left after a delete",
  async () => {
    await using folder = await temporaryFolder();
    await using hypervisor = localMachines(folder.path, 0);
    await using proxmox = await standIn(hypervisor);
    const driver = proxmoxDriver(OWNER, settings.parse(proxmox.env));
    const signal = deadline(60);
    const { pair, pinned } = makeHostKey("demo-1");
    const key = makeKeyPair("relay");
    const port = await freePort();
    const request: CreateRequest = {
      name: "demo-1",
      mark: { ...OWNER, machine: "demo-1" },
      shape: { vcpus: 1, memoryMib: 512, diskGib: 8 },
      image: "debian",
      instanceType: "virtual-machine",
      authorizedKeys: [key.publicKey],
      hostKey: pair,
      port,
      httpPort: port + 1,
    };
    const made = await driver.create(request, signal);
    (await connect({ ...made.ssh, hostKey: pinned }, key.privateKey, { timeoutSeconds: 10, signal })).close();
    expect(await driver.list(signal)).toMatchObject({ complete: true, machines: [{ mark: request.mark }] });
    await expect(driver.create(request, signal)).rejects.toMatchObject({ code: "exists" });
    await driver.delete("demo-1", signal);
    expect(proxmox.left()).toEqual([]);
  },
);
