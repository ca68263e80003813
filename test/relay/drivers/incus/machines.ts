import { randomUUID } from "node:crypto";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { incusDriver } from "../../../../src/relay/drivers/incus/driver.ts";
import type { IncusOptions } from "../../../../src/relay/drivers/incus/driver.ts";
import { incusClient } from "../../../../src/relay/drivers/incus/client.ts";
import type { Incus } from "../../../../src/relay/drivers/incus/client.ts";
import { pathOf } from "../../../../src/relay/drivers/incus/look.ts";
import { ended } from "../../../../src/relay/drivers/incus/operation.ts";
import { instanceRequest } from "../../../../src/relay/drivers/incus/request.ts";
import { temporaryFolder } from "../../../helpers/temporaryFolder.ts";
import type { DriverUnderTest } from "../conformance.ts";
import { INSTALLED } from "../../../../src/relay/drivers/incus/place.ts";
import { deadline } from "../../../helpers/patience.ts";

/** A driver on the real Incus of this host, of an installation that nobody else has, for one test. */
export type IncusUnderTest = DriverUnderTest & { options: IncusOptions; incus: Incus };

export async function incusUnderTest(place: Partial<IncusOptions> = {}): Promise<IncusUnderTest> {
  const folder = await temporaryFolder();
  const newInstallation = async (): Promise<string> => {
    const installation = randomUUID();
    // A relay has such a file too: if the run is killed, the machines are found by it.
    const dir = await mkdtemp(join(folder.path, "relay-"));
    await writeFile(join(dir, "relay.json"), JSON.stringify({ installation }));
    return installation;
  };
  const options: IncusOptions = { ...INSTALLED, installation: await newInstallation(), node: "n1", ...place };
  const driver = incusDriver(options);
  const incus = incusClient(options);
  return {
    driver,
    options,
    incus,
    again: async () => incusDriver(options),
    foreign: async () => incusDriver({ ...options, installation: await newInstallation() }),
    async leaveHalfMade(request) {
      // The relay dies with the answer in its hands: Incus is still making the instance, and nobody starts it.
      await incus.change("POST", "/1.0/instances", instanceRequest(request, options, options));
    },
    freeze: (name) => changeState(incus, name, "freeze"),
    async [Symbol.asyncDispose]() {
      const signal = deadline(120);
      for (const { name } of (await driver.list(signal)).machines) await driver.delete(name, signal);
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Does to an instance what a person with the Incus client could, behind the driver's back. */
export async function changeState(incus: Incus, name: string, action: "freeze" | "stop"): Promise<void> {
  const signal = deadline(60);
  const id = await incus.change("PUT", `${pathOf(name)}/state`, { action, force: true, timeout: 30 });
  await ended(incus, id, 60, signal);
}
