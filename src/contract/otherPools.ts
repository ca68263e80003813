/** The answer for a tester who has no machine of the default pool, but of others: a caller named no pool. */
export function otherPoolsText(username: string, pool: string, others: readonly string[]): string {
  return `${username} never had a machine of pool ${pool}, the default, but has one of ${others.join(AND)}; give the pool`;
}

/** The other pools that such an answer names; none for any other text. */
export function otherPoolsIn(text: string): string[] {
  return FORM.exec(text)?.[1]?.split(AND) ?? [];
}

const AND = " and ";
const FORM = /, the default, but has one of ([a-z0-9-]{1,30}(?: and [a-z0-9-]{1,30}){0,9}); give the pool$/;
