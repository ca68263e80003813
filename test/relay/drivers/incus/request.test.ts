import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { CreateRequest } from "../../../../src/relay/driver.ts";
import { instanceRequest } from "../../../../src/relay/drivers/incus/request.ts";
import { INSTALLED } from "../../../../src/relay/drivers/incus/place.ts";

const OWNER = { installation: "0197-installation", node: "n1" };

function wanted(instanceType: CreateRequest["instanceType"]): CreateRequest {
  return {
    name: "demo-7",
    shape: { vcpus: 4, memoryMib: 8192, diskGib: 40 },
    image: "debian-13",
    instanceType,
    authorizedKeys: ["ssh-ed25519 AAAArelay relay", 'ssh-ed25519 AAAAadmin "admin": the one'],
    hostKey: { privateKey: "(private half)\n(second line)\n", publicKey: "ssh-ed25519 AAAAhost demo-7" },
    port: 20_007,
    httpPort: 24_007,
  };
}

/** Read over by a person before it was kept; never written by a test. */
function golden(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`golden/${name}.json`, import.meta.url), "utf8"));
}

const UUID = "5d1a7f0e-2f6b-4c1d-9a3e-0b8c7d6e5f41";

describe("what Incus is asked for", () => {
  test("a container", () => {
    expect(instanceRequest(wanted("container"), INSTALLED, OWNER, UUID)).toEqual(golden("container"));
  });

  test("a virtual machine (this body was never run: no host of the tests can run one)", () => {
    expect(instanceRequest(wanted("virtual-machine"), INSTALLED, OWNER, UUID)).toEqual(
      golden("virtual-machine"),
    );
  });

  test("the pool's image, where the node's configuration names none for all", () => {
    const { image: _, ...place } = INSTALLED;
    const made = instanceRequest(wanted("virtual-machine"), place, OWNER, UUID);
    expect(made).toMatchObject({ source: { type: "image", alias: "debian-13" } });
  });
});
