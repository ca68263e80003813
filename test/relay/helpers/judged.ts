import { SshError } from "../../../src/relay/ssh/sshError.ts";
import { until } from "../../helpers/until.ts";

/**
 * What an attempt was refused with, on a host that has time to judge by: on a busy one the relay says `local`, that it was
 * late itself, which is right and not what these tests are about (test/relay/busy.machines.test.ts is).
 */
export function judged(attempt: () => Promise<unknown>): Promise<unknown> {
  return until("a host with time to judge by", async () => {
    const error = await attempt().then(
      () => new Error("nothing was refused"),
      (refusal: unknown) => refusal,
    );
    return error instanceof SshError && error.kind === "local" ? null : error;
  });
}
