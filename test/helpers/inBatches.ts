/**
 * Calls `ask` for each item, a few at a time, for tests that call an edge with everything it has: in workerd each request
 * opens a connection of its own, and hundreds at once on a busy host are refused for want of one (503).
 * @returns what `ask` returned, in the order of the items. @throws what `ask` throws
 */
export async function inBatches<Item, Answer>(
  items: readonly Item[],
  ask: (item: Item) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let at = 0; at < items.length; at += BATCH) {
    answers.push(...(await Promise.all(items.slice(at, at + BATCH).map(ask))));
  }
  return answers;
}

const BATCH = 8;
