import { open } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { localDriver } from "../../../../src/relay/drivers/local/driver.ts";
import type { DoomedCreate } from "./machines.ts";
import { deadline } from "../../../helpers/patience.ts";

/** A program: starts the create given on stdin and kills itself at the given point of it. */
const { options, request, at } = JSON.parse(await text(process.stdin)) as DoomedCreate;
if (at === "mark") {
  const file = await open("/dev/null");
  Object.defineProperty(Object.getPrototypeOf(file) as object, "writeFile", { value: die });
  await file.close();
} else if (at !== "done") Object.defineProperty(request, at, { get: die });
await localDriver(options).create(request, deadline(20));
die();

function die(): void {
  process.kill(process.pid, "SIGKILL");
}
