import { expect, test } from "vitest";
import { readSettings } from "../../../examples/drivers/libvirt/settings.ts";
import { together } from "../../../examples/drivers/libvirt/virsh.ts";

test("a domain's name cannot become a command of its own", () => {
  expect(together([["dumpxml", "web; destroy db"], ["version"]])).toEqual([
    String.raw`dumpxml web\;\ destroy\ db; version`,
  ]);
});

test("machines have no network but their ports unless it is asked for", () => {
  expect(readSettings({})).toEqual({
    uri: "qemu:///system",
    pool: "warmpool",
    network: "closed",
    type: "auto",
  });
  expect(() => readSettings({ WARMPOOL_LIBVIRT_NETWORK: "yes" })).toThrow(/WARMPOOL_LIBVIRT_NETWORK/);
});
