import type { InstallationCheck } from "../../contract/installation.ts";
import { ok, wrong } from "./check.ts";
import type { Check } from "./check.ts";

const NAME = "secret key";
const SETTING = "WARMPOOL_SECRET_KEY";

/** Whether the edge can keep secret parameters, and open those it keeps. Pure. */
export function secretKeyCheck({ secrets }: InstallationCheck): Check {
  const { keys, problem, pools, assignments, unreadable } = secrets;
  if (problem !== null)
    return wrong(NAME, problem, "set it right where the edge runs, and start the edge again");
  if (unreadable > 0) {
    return wrong(
      NAME,
      `${unreadable} of ${assignments} assignments with a secret cannot be set up: the key that sealed it is gone`,
      `put that key back into ${SETTING}, behind the first, and retry those that failed; or release them`,
    );
  }
  if (keys > 0) return ok(NAME, keysText(secrets));
  return pools.length === 0
    ? ok(NAME, "there is none, and no pool's recipe takes a secret")
    : wrong(
        NAME,
        `there is none, so no secret is taken for ${pools.join(", ")}`,
        `set ${SETTING} where the edge runs to what \`openssl rand -base64 32\` prints`,
      );
}

function keysText({ keys, assignments, older, unknowable }: InstallationCheck["secrets"]): string {
  const lines = [`${assignments} live assignments came with a secret`];
  if (older > 0) lines.push(`${older} of them need an older key than the first: keep it`);
  if (older === 0 && keys > 1) lines.push("none needs another key than the first: drop the others");
  if (unknowable > 0)
    lines.push(`the key of ${unknowable} is gone: the same secret again is a CONFLICT there`);
  return lines.join("; ");
}
