import { expect, test } from "vitest";
import { grown } from "../../../../src/relay/drivers/incus/reserve.ts";

const root = {
  type: "disk",
  path: "/",
  pool: "fast",
  size: "1GiB",
  "initial.user.warmpool.machine": "demo-1",
};
const ssh = { type: "proxy" };

test("A5 a full disk grows by what is asked, and the rest of it stays", () => {
  expect(grown({ devices: { ssh, root } }, 16)).toEqual({ devices: { root: { ...root, size: "1040MiB" } } });
});

test("A5 without a size nothing grows", () => {
  expect(grown({ devices: { ssh } }, 16)).toBeNull();
  expect(grown({ devices: { root: { type: "disk", path: "/" } } }, 16)).toBeNull();
});
