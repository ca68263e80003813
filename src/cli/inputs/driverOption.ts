import { Option } from "commander";
import { DRIVER_OPTIONS } from "../../contract/drivers.ts";
import { collect } from "./collect.ts";

/** An option of a driver, as commander takes it. */
export function driverOption(name: keyof typeof DRIVER_OPTIONS): Option {
  const { flag, value, help, isList } = DRIVER_OPTIONS[name];
  const option = new Option(`${flag} ${value}`, help);
  return isList ? option.argParser(collect) : option;
}
