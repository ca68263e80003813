import { describe, expect, test } from "vitest";
import { boundsOf, forbidsOf, hidesPool, policyOf } from "../../../../src/relay/drivers/incus/bounds.ts";
import { INSTALLED } from "../../../../src/relay/drivers/incus/place.ts";

const host = { cpu: { total: 8 }, memory: { total: 16 * 2 ** 30, used: 0 } };
const profile = { config: {}, devices: { root: { type: "disk", path: "/", pool: "warmpool" } } };
const restricted = { restricted: "true", "restricted.devices.proxy": "allow" };

test("B4 a project's bounds are all read, each for itself, and there are none where it has none", () => {
  const config = {
    "limits.instances": "5",
    "limits.containers": "3",
    "limits.virtual-machines": "0",
    "limits.processes": "2000",
    "limits.memory": "4GiB",
    "limits.disk": "20GiB",
    "limits.disk.pool.fast": "10GiB",
    "limits.cpu": "6",
  };
  expect(boundsOf(config, host)).toEqual({
    ...{ machines: 5, containers: 3, virtualMachines: 0, processes: 2000 },
    ...{ vcpus: 6, memoryMib: 4096, diskGib: 20 },
    devices: [{ device: "fast", gib: 10 }],
  });
  expect(boundsOf({ "features.images": "true" }, host)).toBeNull();
});

test("B4 a storage pool that is bounded to nothing is hidden, one that is bounded to something is not", () => {
  expect(hidesPool({ "limits.disk.pool.warmpool": "0" }, "warmpool")).toBe(true);
  expect(hidesPool({ "limits.disk.pool.warmpool": "1GiB", "limits.disk.pool.other": "0" }, "warmpool")).toBe(
    false,
  );
});

describe("B4 what forbids every machine of a type", () => {
  const forbids = (config: Record<string, string>, given: Partial<typeof profile> = {}) =>
    forbidsOf({ config }, { ...profile, ...given }, INSTALLED).map(({ instanceType, why }) => [
      instanceType,
      why,
    ]);
  const nic = (more: Record<string, string>) => ({ devices: { eth0: { type: "nic", ...more } } }) as object;

  test.each<[string, Record<string, string>, object, [string, RegExp][]]>([
    ["nothing", {}, {}, []],
    ["restrictions that leave what machines need", restricted, {}, []],
    ["restrictions that are not switched on", { "restricted.devices.proxy": "block" }, {}, []],
    ["no proxy devices", { restricted: "true" }, {}, [["container", /restricted\.devices\.proxy/]]],
    ["a managed network", restricted, nic({ network: "incusbr0" }), []],
    [
      "a bridge that is not managed",
      restricted,
      nic({ parent: "br0" }),
      [
        ["container", /restricted\.devices\.nic is managed.*eth0/],
        ["virtual-machine", /eth0/],
      ],
    ],
    [
      "no network devices",
      { ...restricted, "restricted.devices.nic": "block" },
      nic({ network: "incusbr0" }),
      [
        ["container", /nic is block/],
        ["virtual-machine", /nic is block/],
      ],
    ],
    [
      "a device of the profile's",
      restricted,
      { devices: { card: { type: "gpu" } } },
      [
        ["container", /restricted\.devices\.gpu is block.*card/],
        ["virtual-machine", /gpu/],
      ],
    ],
    [
      "images of certain servers",
      { ...restricted, "restricted.images.servers": "images.example.org" },
      {},
      [
        ["container", /images\.example\.org/],
        ["virtual-machine", /images\.example\.org/],
      ],
    ],
    [
      "a count of processes that no profile says",
      { "limits.processes": "99" },
      {},
      [["container", /incus profile set warmpool/]],
    ],
    ["one that it says", { "limits.processes": "99" }, { config: { "limits.processes": "9" } }, []],
  ])("%s", (_, config, given, expected) => {
    expect(forbids(config, given)).toEqual(expected.map(([type, why]) => [type, expect.stringMatching(why)]));
  });
});

test("B4 whatever changes in project or profile, a refusal is worth another try; the order of keys is no change", () => {
  const config = { a: "1", b: "2" };
  const same = policyOf({ config }, profile);
  expect(policyOf({ config: { b: "2", a: "1" } }, profile)).toBe(same);
  expect(policyOf({ config: { ...config, a: "3" } }, profile)).not.toBe(same);
  expect(policyOf({ config }, { ...profile, config: { "limits.processes": "9" } })).not.toBe(same);
  expect(policyOf({ config }, { ...profile, devices: {} })).not.toBe(same);
});
