import { expect, test } from "vitest";
import { unbegunError } from "../../../src/domain/assignments/unbegun.ts";

test.each([
  [2, 40, null],
  [9, null, null],
  [12, 47, "Its node was last heard 40 s ago: the set-up waits for its relay."],
  [30, 49, "Its node was last heard 40 s ago: the set-up waits for its relay."],
  [30, 2, "Its node is online but busy: the set-up waits for its relay."],
])(
  "a set-up that could have been taken up for %i s, on a node heard %s s ago: says why it waits, in steps of 10 s",
  (leftSeconds, heardSeconds, words) => {
    const error = unbegunError({ leftSeconds, heardSeconds });
    expect(error?.message ?? null).toBe(
      words === null ? null : `${words} Wait, or release and assign again.`,
    );
  },
);
