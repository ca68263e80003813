import { log } from "../../../src/relay/log.ts";

/** Keeps a relay's log out of the test report. */
export function quiet(): void {
  log.info = () => undefined;
  log.warn = () => undefined;
}
