/** What a reason of a condition means, and what an operator does about it. */
export type Reason = { status: boolean; meaning: string; action: string };
