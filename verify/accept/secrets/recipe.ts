import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * A recipe as one that takes a licence would be: it uses a secret until its tester lets it go on, tells that it has the right one by
 * its sum alone, and ends well or ill as it is told.
 */
export const LICENSE_RECIPE = "licensed";
/** In the tester's home: the recipe uses its secret until it is there. */
export const GO_ON = "go-on";
export const ILL_WORDS = "the installer does not take this license";

export async function writeLicenseRecipe(folder: string): Promise<string> {
  const target = join(folder, LICENSE_RECIPE);
  await mkdir(target);
  await writeFile(join(target, "use.sh"), USE);
  await writeFile(join(target, "end.sh"), END);
  const params = {
    license: { secret: true, required: true, pattern: "\\S+" },
    spare: { secret: true },
    note: { description: "stands in the environment of the steps, as every parameter that is no secret" },
    end: { pattern: "well|ill", default: "well" },
  };
  const steps = [
    { id: "use", title: "Use the license", script: "use.sh", timeoutSeconds: 240 },
    { id: "end", title: "Come to an end", script: "end.sh", timeoutSeconds: 60 },
  ];
  await writeFile(
    join(target, "recipe.json"),
    JSON.stringify({ name: LICENSE_RECIPE, params, steps }, null, 2),
  );
  return target;
}

/** What the recipe gives as output `sum` for this license. */
export function sumOf(license: string): string {
  return createHash("sha256").update(license).digest("hex");
}

const USE = `set -eu
license=$(cat "$WARMPOOL_SECRETS/license")
[ -n "$license" ]
sum=$(sha256sum <"$WARMPOOL_SECRETS/license")
echo "::output sum=\${sum%% *}"
until [ -e "$WARMPOOL_HOME/${GO_ON}" ]; do sleep 0.1; done
`;

const END = `set -eu
[ "$WARMPOOL_PARAM_end" = well ] || { echo "${ILL_WORDS}" >&2; exit 3; }
`;
