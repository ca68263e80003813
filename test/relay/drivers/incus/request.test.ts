import { describe, expect, test } from "vitest";
import type { CreateRequest } from "../../../../src/relay/driver.ts";
import { instanceRequest } from "../../../../src/relay/drivers/incus/request.ts";
import { PLACE } from "./place.ts";

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

const file = (name: string) => new URL(`golden/${name}.json`, import.meta.url).pathname;
const body = (request: CreateRequest, place = {}) =>
  `${JSON.stringify(instanceRequest(request, { ...PLACE, ...place }, OWNER), null, 2)}\n`;

describe("what Incus is asked for", () => {
  test("a container", async () => {
    await expect(body(wanted("container"))).toMatchFileSnapshot(file("container"));
  });

  test("a virtual machine (this body was never run: no host of the tests can run one)", async () => {
    await expect(body(wanted("virtual-machine"))).toMatchFileSnapshot(file("virtual-machine"));
  });

  test("the pool's image, where the node's configuration names none for all", () => {
    const { image: _, ...place } = PLACE;
    const made = instanceRequest(wanted("virtual-machine"), place, OWNER);
    expect(made).toMatchObject({ source: { type: "image", alias: "debian-13" } });
  });
});
