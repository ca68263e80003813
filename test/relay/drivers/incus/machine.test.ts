import { describe as group, expect, test } from "vitest";
import type { Instance } from "../../../../src/relay/drivers/incus/answers.ts";
import { nextStep } from "../../../../src/relay/drivers/incus/changes.ts";
import { parseHelper } from "../../../../src/relay/drivers/incus/leftProxies.ts";
import { addressOf, describe } from "../../../../src/relay/drivers/incus/machine.ts";

const address = (family: string, scope: string, text: string) => ({ family, scope, address: text });

function virtualMachine(network: Record<string, ReturnType<typeof address>[]> | null): Instance {
  const devices = Object.entries(network ?? {}).map(([name, addresses]) => [name, { addresses }]);
  return {
    name: "demo-7",
    status: "Running",
    type: "virtual-machine",
    config: { "user.warmpool.port": "20007" },
    devices: {},
    state: { network: network === null ? null : Object.fromEntries(devices) },
  };
}

group("where a machine is dialled", () => {
  const local = { lo: [address("inet", "local", "127.0.0.1"), address("inet", "global", "127.0.0.2")] };

  test("a container: the loopback port that was allotted to it", () => {
    const container: Instance = { ...virtualMachine(null), type: "container" };
    expect(describe(container, "warmpool").ssh).toEqual({ host: "127.0.0.1", port: 20_007 });
  });

  test("a virtual machine: its own global address, IPv4 first, never its loopback or a link's own", () => {
    const both = [
      address("inet6", "link", "fe80::1"),
      address("inet6", "global", "fd42::7"),
      address("inet", "global", "10.0.0.7"),
    ];
    expect(addressOf(virtualMachine({ ...local, enp5s0: both }))).toBe("10.0.0.7");
    expect(addressOf(virtualMachine({ ...local, enp5s0: both.slice(0, 2) }))).toBe("fd42::7");
  });

  test("a virtual machine whose network is not up has none", () => {
    expect(addressOf(virtualMachine(null))).toBeNull();
    expect(addressOf(virtualMachine(local))).toBeNull();
    expect(addressOf(virtualMachine({ enp5s0: [address("inet6", "link", "fe80::1")] }))).toBeNull();
  });
});

test("a status that is neither running nor stopped is unknown", () => {
  const state = (status: string) => describe({ ...virtualMachine(null), status }, "warmpool").state;
  expect(["Running", "Stopped", "Frozen", "Error"].map(state)).toEqual([
    "running",
    "stopped",
    "unknown",
    "unknown",
  ]);
});

test.each([
  ["Running", "running", null],
  ["Stopped", "running", "start"],
  ["Frozen", "running", "unfreeze"],
  ["Running", "stopped", "stop"],
  ["Frozen", "stopped", "stop"],
  ["Stopped", "stopped", null],
  ["Running", "gone", "stop"],
  ["Error", "gone", "stop"],
  ["Stopped", "gone", "delete"],
] as const)("%s, to be %s: %s", (status, aim, step) => {
  expect(nextStep(status, aim)).toBe(step);
});

test("the helper of a port is known by its arguments, and nothing else is taken for one", () => {
  const args =
    "/usr/libexec/incus/incusd forkproxy -- 23310 4 tcp:127.0.0.1:28152 12190 3 tcp:127.0.0.1:22 0644";
  expect(parseHelper(args.split(" "))).toEqual({ port: 28_152, containerPid: 12_190 });
  for (const other of [
    "incusd forkstart demo-1",
    args.replace("127.0.0.1:28152", "10.0.0.1:28152"),
    "forkproxy",
  ]) {
    expect(parseHelper(other.split(" "))).toBeNull();
  }
});
