import { expect, test } from "vitest";
import { isOwn, machineOf, markXml, readMark, volumeName } from "../../../examples/drivers/libvirt/mark.ts";

const OWNER = { installation: "0b7f4a5e-9a55-4c62-8f0e-6f1d2c3b4a59", node: "n1.example" };
const MARK = { ...OWNER, name: "demo-17", port: 20017, httpPort: 22017 };

test("a mark is read out of a domain as it was put in", () => {
  const odd = { ...MARK, node: `a"b&lt;c<d>&amp;` };
  for (const mark of [MARK, odd]) {
    expect(readMark(`<domain><metadata>${markXml(mark)}</metadata></domain>`)).toEqual(mark);
  }
});

test("what is no mark of ours is none", () => {
  expect(readMark("<domain><name>demo-17</name></domain>")).toBeNull();
  expect(readMark(markXml(MARK).replace("urn:warmpool", "urn:somebody"))).toBeNull();
  expect(readMark(markXml(MARK).replace("20017", "0"))).toBeNull();
  expect(readMark(`<title>${markXml(MARK).replaceAll("<", "&lt;")}</title>`)).toBeNull();
});

test("a volume belongs to the machine, node and installation that are in its name, and to no other", () => {
  const volume = volumeName(OWNER, "demo-17", "disk");
  expect(machineOf(OWNER, volume)).toBe("demo-17");
  expect(machineOf(OWNER, `${volumeName(OWNER, "demo-17", "console")}.0`)).toBe("demo-17");
  expect(machineOf({ ...OWNER, node: "n1" }, volume)).toBeNull();
  expect(machineOf({ ...OWNER, installation: "another" }, volume)).toBeNull();
  // A node's name may hold dots, which must not shift the fields.
  expect(
    machineOf({ ...OWNER, node: "n1" }, volumeName({ ...OWNER, node: "n1.x" }, "demo", "disk")),
  ).toBeNull();
  expect(machineOf(OWNER, "debian.qcow2")).toBeNull();
});

test("the node is part of whose it is", () => {
  expect(isOwn(OWNER, MARK)).toBe(true);
  expect(isOwn({ ...OWNER, node: "n2" }, MARK)).toBe(false);
});
