import { text } from "node:stream/consumers";
import type { CreateRequest } from "../../../../src/relay/driver.ts";
import { localDriver } from "../../../../src/relay/drivers/local/driver.ts";
import type { LocalOptions } from "../../../../src/relay/drivers/local/driver.ts";
import type { DeathPoint } from "./machines.ts";

/** A program: starts the create given on stdin and kills itself when the create reads the given part of the request. */
type Input = { options: LocalOptions; request: CreateRequest; at: DeathPoint };

const { options, request, at } = JSON.parse(await text(process.stdin)) as Input;
Object.defineProperty(request, at, {
  get() {
    process.kill(process.pid, "SIGKILL");
  },
});
await localDriver(options).create(request, AbortSignal.timeout(20_000));
