import { expect, test } from "vitest";
import { z } from "zod";
import type { MachineView } from "../../src/client/index.ts";
import type { PoolSpecInput } from "../../src/contract/pool.ts";
import { INSTALLED } from "../../src/relay/drivers/incus/place.ts";
import { until } from "../helpers/until.ts";
import { RECIPE, specOf } from "../helpers/world.ts";
import { type System, system } from "./helpers/system.ts";
import { atNight } from "../helpers/nightly.ts";

/** What a create that failed leaves for a person to look at: in the database before the machine is deleted. */
const CLOUD_INIT = z.object({
  v1: z.object({ "modules-final": z.looseObject({ errors: z.array(z.string()) }) }),
});

/** Seconds; less than a boot that goes well takes here would show nothing of it. */
const BOOT_SECONDS = 40;

test.each(
  atNight<[string, Partial<PoolSpecInput>, { message: RegExp; stage: string; last: RegExp }]>([
    [
      "to which no route ever comes up",
      { accessCommand: 'echo "no route to $WARMPOOL_HOST:$WARMPOOL_PORT"; exit 1' },
      {
        message: /access command did not exit with 0/,
        stage: "checking",
        last: /^exit 1: no route to 127\.0\.0\.1:\d+$/,
      },
    ],
    [
      "whose SSH server goes away",
      { readyCommand: "systemctl stop ssh.socket ssh.service; pkill -x sshd; exit 1" },
      { message: /ready command did not exit with 0/, stage: "joining", last: /^SSH to 127\.0\.0\.1:\d+: / },
    ],
  ]),
)("a machine %s never gets to a tester, and says why", async (_, spec, { message, stage, last }) => {
  await using under = await system({ driver: "incus" });
  const { client } = under;
  await client.recipe.put.mutate(RECIPE);
  const shape = { vcpus: 1, memoryMib: 256, diskGib: 1 };
  const image = INSTALLED.image;
  await client.pool.put.mutate(
    specOf({ ...spec, image, shape, targetSize: 1, maxSize: 1, bootTimeoutSeconds: BOOT_SECONDS }),
  );
  under.startRelay();

  const going = await goneDown(under, "deleting");

  const { error, console, [stage]: cause, ...rest } = going.evidence ?? {};
  expect(error).toMatch(message);
  expect(cause).toMatch(last);
  expect(console).toMatch(/\S/);
  expect(rest["instance"]).toContain("is Running (container)");
  const status = CLOUD_INIT.parse(JSON.parse(rest["cloud-init status"] ?? ""));
  expect(status.v1["modules-final"].errors).toEqual([]);
  const text = Object.values(going.evidence ?? {}).join("");
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(64 * 1024);
  expect(text).not.toContain("PRIVATE KEY");
  const gone = await goneDown(under, "deleted");
  expect(gone.evidence).toEqual(going.evidence);
  expect(gone.receipt).toMatchObject({ kind: "listed" });
});

/** The first machine of all, once it is in that state. */
function goneDown({ client }: System, state: "deleting" | "deleted"): Promise<MachineView> {
  return until(
    `the machine to be ${state}`,
    async () => {
      const { items } = await client.machine.list.query({ state });
      return items.at(-1);
    },
    { seconds: BOOT_SECONDS + 60, everyMs: 20 },
  );
}
