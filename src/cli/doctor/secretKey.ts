import type { InstallationCheck } from "../../contract/installation.ts";
import { ok, wrong } from "./check.ts";
import type { Check } from "./check.ts";

const NAME = "secret key";
const SETTING = "WARMPOOL_SECRET_KEY";

/** Whether the edge can keep secret parameters, and open those it keeps. Pure. */
export function secretKeyCheck({ secrets }: InstallationCheck): Check {
  const { keys, problem, pools, assignments, unreadable } = secrets;
  if (problem !== null)
    return wrong(NAME, problem, "correct it in the edge's environment, and restart the edge");
  if (unreadable > 0) {
    return wrong(
      NAME,
      `${unreadable} of ${assignments} assignments with a secret cannot be set up: the key that encrypted the secret is missing`,
      `append that key to ${SETTING} and retry the failed assignments; or release them`,
    );
  }
  if (keys > 0) return ok(NAME, keysText(secrets));
  return pools.length === 0
    ? ok(NAME, "none is set, and no pool's recipe takes a secret")
    : wrong(
        NAME,
        `none is set, so secrets are refused for ${pools.join(", ")}`,
        `set ${SETTING} in the edge's environment to the output of \`openssl rand -base64 32\``,
      );
}

function keysText({ keys, assignments, older, unknowable }: InstallationCheck["secrets"]): string {
  const lines = [`${assignments} live assignments have a secret`];
  if (older > 0) lines.push(`${older} of them need an older key: keep it`);
  if (older === 0 && keys > 1) lines.push("none needs an older key: remove all keys but the first");
  if (unknowable > 0)
    lines.push(
      `the key of ${unknowable} is missing: repeating their assign with the same secret is a CONFLICT`,
    );
  return lines.join("; ");
}
