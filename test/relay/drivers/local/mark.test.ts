import { describe, expect, test } from "vitest";
import { markEnvironment, readMark } from "../../../../src/relay/drivers/local/mark.ts";

const owner = { installation: "i-1", node: "n1" };
const mark = { ...owner, machine: "wp-1", sshPort: 20_001, httpPort: 20_002 };
const environ = (values: Record<string, string>) =>
  Object.entries({ PATH: "/bin", ...values })
    .map(([name, value]) => `${name}=${value}\0`)
    .join("");

describe("I7 the ownership mark", () => {
  test("reads as it was written", () => {
    expect(readMark(environ(markEnvironment(mark, "system")), owner)).toEqual({ mark, part: "system" });
    expect(readMark(environ(markEnvironment(mark, "child")), owner)).toEqual({ mark, part: "child" });
  });

  test.each([
    ["another installation", { WARMPOOL_INSTALLATION: "i-2" }],
    ["another node", { WARMPOOL_NODE: "n2" }],
    ["an installation that only begins like it", { WARMPOOL_INSTALLATION: "i-11" }],
    ["no machine", { WARMPOOL_MACHINE: "" }],
  ])("is not the owner's with %s", (_, other) => {
    expect(readMark(environ({ ...markEnvironment(mark, "system"), ...other }), owner)).toBeNull();
  });

  test("is not in an environment that lacks part of it, or is empty as a zombie's", () => {
    expect(readMark(environ({ WARMPOOL_MACHINE: "wp-1" }), owner)).toBeNull();
    expect(readMark("", owner)).toBeNull();
  });

  test("is not in another variable's value", () => {
    const value = "WARMPOOL_MACHINE=wp-1 WARMPOOL_INSTALLATION=i-1 WARMPOOL_NODE=n1";
    expect(readMark(environ({ NOTE: value }), owner)).toBeNull();
  });
});
