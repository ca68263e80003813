import { InvalidArgumentError } from "commander";

/**
 * Reads an option's value as a whole number from 1 up.
 * @throws InvalidArgumentError for anything else; commander names the option.
 */
export function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError("Write a whole number, at least 1.");
  return Number(text);
}
