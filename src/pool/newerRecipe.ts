import { sql } from "drizzle-orm";
import { own } from "../contract/own.ts";
import type { Recipe } from "../contract/recipe.ts";
import { type Db, rows } from "../db/client.ts";
import { firstStep } from "./assign.ts";
import { WarmpoolError } from "./errors.ts";
import { checkParams } from "./params.ts";
import { openSecrets } from "./sealedParams.ts";
import type { Sealed, SecretKeys } from "./secrets.ts";

/** The current version of an assignment's recipe, and the assignment's parameters as that version takes them. */
export type Newer = { version: string; steps: number; params: Record<string, string> };

type Standing = {
  state: string;
  params: Record<string, string>;
  secrets: Record<string, Sealed>;
  wiped: boolean;
  before: Recipe;
  content: Recipe;
  version: string;
};

/**
 * What a retry with the current version of the recipe runs; null if there is no failed assignment of that id. Values
 * that were only defaults of the former version are left to the defaults of this one.
 * @throws WarmpoolError CONFLICT where the parameters do not fit it: it names the parameter, never its value.
 */
export async function currentFor(tx: Db, assignment: string, keys: SecretKeys): Promise<Newer | null> {
  const [standing] = await rows<Standing>(
    tx,
    sql`select a.state, a.params, a.secrets, a.secrets = '{}' and a.secret_marks <> '{}' as wiped,
        b.content as before, c.content, c.version
      from assignments a join recipes b on b.name = a.recipe and b.version = a.recipe_version
      join lateral (select * from recipes r where r.name = a.recipe order by put_at desc limit 1) c on true
      where a.id = ${assignment}`,
  );
  if (standing === undefined || standing.state !== "failed") return null;
  const { before, content, version, secrets } = standing;
  const given = Object.fromEntries(
    Object.entries(standing.params).filter(([name, value]) => own(before.params, name)?.default !== value),
  );
  const opened = await openSecrets(keys, assignment, secrets);
  if ("unreadable" in opened) throw misfit(`params.${opened.unreadable}: cannot be opened: its key is gone`);
  if (standing.wiped) throw misfit("the secret parameters were wiped");
  for (const [name, param] of Object.entries(content.params)) {
    const isSealed = Object.hasOwn(secrets, name);
    if ((param.secret === true && Object.hasOwn(given, name)) || (param.secret !== true && isSealed))
      throw misfit(`params.${name}: is ${isSealed ? "no longer" : "now"} secret`);
  }
  const values = checkParams(content.params, { ...given, ...opened.secrets });
  if (values instanceof WarmpoolError) throw misfit(values.message);
  const params = Object.entries(values).filter(([name]) => !Object.hasOwn(secrets, name));
  return { version, steps: firstStep(content.steps.length).steps, params: Object.fromEntries(params) };
}

function misfit(why: string): WarmpoolError {
  return new WarmpoolError(
    "CONFLICT",
    `the current version of the recipe cannot be run with the parameters of this assignment: ${why}; release it and assign again, or retry with the version that it has`,
  );
}
