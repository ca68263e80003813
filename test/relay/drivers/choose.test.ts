import { expect, test } from "vitest";
import { chooseDriver } from "../../../src/relay/drivers/choose.ts";
import { WrongUse } from "../../../src/relay/errors.ts";

/** Which driver a relay takes, by its options. */

const site = { installation: "i", node: "n1", dir: "/nowhere" };
const exec = { driver: "exec", program: "/nowhere/driver" };

test.each([
  ["no driver", {}, "--driver is missing"],
  ["a driver that there is not", { driver: "docker" }, "Unknown driver docker"],
  ["exec without its program", { driver: "exec" }, "--program"],
  ["an option of another driver", { ...exec, driver: "local" }, "--program is an option of the driver exec"],
  ["a time for no command", { ...exec, timeout: ["crate=5m"] }, "--timeout crate=5m"],
  ["a variable that is not set", { ...exec, pass: ["WARMPOOL_NOT_SET"] }, "--pass WARMPOOL_NOT_SET"],
])("%s is wrong use, said by the option's name", (_, options, words) => {
  const choose = () => chooseDriver(options, site);
  expect(choose).toThrow(WrongUse);
  expect(choose).toThrow(words);
});
