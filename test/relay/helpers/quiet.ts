import { afterAll } from "vitest";
import { log } from "../../../src/relay/log.ts";

/** Keeps a relay's log out of the test report, until the file that asks for it has ended: files share a process. */
export function quiet(): void {
  const loud = { ...log };
  log.info = () => undefined;
  log.warn = () => undefined;
  afterAll(() => Object.assign(log, loud));
}
