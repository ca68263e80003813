import { sql } from "drizzle-orm";
import { own } from "../../contract/own.ts";
import type { Recipe } from "../../contract/recipe.ts";
import { type Db, rows } from "../../db/client.ts";
import { WarmpoolError } from "../core/errors.ts";
import { checkParams } from "../recipes/params.ts";
import { type Marks, openSecrets, sealFor } from "../secrets/params.ts";
import type { Sealed, SecretKeys } from "../secrets/keys.ts";

/** The inputs of a retry: a version of the recipe, and the parameters that it takes. */
export type Rerun = {
  version: string;
  recipeSteps: number;
  params: Record<string, string>;
  secrets: Record<string, Sealed>;
  marks: Marks;
};

/** `params` replace the assignment's parameters of the same names; the others stay. */
export type Wish = { recipe: "same" | "current"; params: Record<string, string> };

type Standing = {
  state: string;
  params: Record<string, string>;
  secrets: Record<string, Sealed>;
  marks: Marks;
  before: Recipe;
  beforeVersion: string;
  content: Recipe;
  version: string;
};

/**
 * The inputs of a retry; null if there is no failed assignment with that id. With the current version, values that were only
 * defaults of the old version are replaced with the new defaults.
 * @throws WarmpoolError CONFLICT if the parameters do not fit the current version, BAD_REQUEST if those that are given do not
 * fit the assignment's own: it names the parameter, never its value.
 */
export async function rerunFor(
  tx: Db,
  assignment: string,
  keys: SecretKeys,
  { recipe, params: asked }: Wish,
): Promise<Rerun | null> {
  const [standing] = await rows<Standing>(
    tx,
    sql`select a.state, a.params, a.secrets, a.secret_marks as marks, b.content as before, b.version as "beforeVersion", c.content, c.version
      from assignments a join recipes b on b.name = a.recipe and b.version = a.recipe_version
      join lateral (select * from recipes r where r.name = a.recipe order by put_at desc limit 1) c on true
      where a.id = ${assignment}`,
  );
  if (standing === undefined || standing.state !== "failed") return null;
  const { before } = standing;
  const isCurrent = recipe === "current";
  const content = isCurrent ? standing.content : before;
  const kept = <Value>(record: Record<string, Value>) =>
    Object.fromEntries(Object.entries(record).filter(([name]) => !Object.hasOwn(asked, name)));
  const stands = Object.entries(kept(standing.params));
  const given = Object.fromEntries(
    stands.filter(([name, value]) => !isCurrent || own(before.params, name)?.default !== value),
  );
  const sealed = kept(standing.secrets);
  const marks = kept(standing.marks);
  const opened = await openSecrets(keys, assignment, sealed);
  if ("unreadable" in opened)
    throw misfit(`params.${opened.unreadable}: cannot be decrypted: its key is missing`);
  const wiped = Object.keys(marks).some((name) => !Object.hasOwn(sealed, name));
  if (wiped) throw misfit("the secret parameters were erased");
  for (const [name, param] of Object.entries(content.params)) {
    const isSealed = Object.hasOwn(sealed, name);
    if ((param.secret === true && Object.hasOwn(given, name)) || (param.secret !== true && isSealed))
      throw misfit(`params.${name}: is ${isSealed ? "no longer" : "now"} secret`);
  }
  const values = checkParams(content.params, { ...given, ...opened.secrets, ...asked });
  if (values instanceof WarmpoolError) throw isCurrent ? misfit(values.message) : values;
  const fresh = await sealFor(keys, assignment, content.params, asked);
  const plain = Object.entries(values).filter(
    ([name]) => !Object.hasOwn(sealed, name) && !Object.hasOwn(fresh.secrets, name),
  );
  return {
    version: isCurrent ? standing.version : standing.beforeVersion,
    recipeSteps: content.steps.length,
    params: Object.fromEntries(plain),
    secrets: { ...sealed, ...fresh.secrets },
    marks: { ...marks, ...fresh.marks },
  };
}

function misfit(why: string): WarmpoolError {
  return new WarmpoolError(
    "CONFLICT",
    `the recipe cannot run with the parameters of this assignment: ${why}; give other values with the retry, release and assign again, or retry with the same version of the recipe`,
  );
}
