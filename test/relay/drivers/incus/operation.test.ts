import { expect, test } from "vitest";
import type { z } from "zod";
import { type Incus, IncusError } from "../../../../src/relay/drivers/incus/client.ts";
import { ended } from "../../../../src/relay/drivers/incus/operation.ts";

/** What the end of an operation is taken for, by what Incus answers to the question that waits and to a look. */
const TOO_OLD = new IncusError(500, "context deadline exceeded");
const never = new AbortController().signal;

type Answer = { status_code: number; err: string } | Error;

/** Answers the questions that wait in turn, and each look with `looked`. */
function incus(waited: Answer[], looked: Answer): Incus {
  const given = (answer: Answer | undefined): Answer => answer ?? new Error("asked too often");
  return {
    read: async <T>(path: string, schema: z.ZodType<T>): Promise<T> => {
      const answer = given(path.endsWith("/wait") ? waited.shift() : looked);
      if (answer instanceof Error) throw answer;
      return schema.parse({ id: "op", ...answer });
    },
    readBytes: () => Promise.reject(new Error("not asked")),
    change: () => Promise.reject(new Error("not asked")),
  };
}

const RUNNING = { status_code: 103, err: "" };
const ENDED_WELL = { status_code: 200, err: "" };
const FAILED = { status_code: 400, err: "no such image" };
const GONE = new IncusError(404, "Operation not found");

test.each<[string, Answer[], Answer]>([
  ["it ends while it is waited for", [ENDED_WELL], GONE],
  ["a question gets too old while the operation runs", [TOO_OLD, ENDED_WELL], RUNNING],
  ["it ends well just after a question got too old", [TOO_OLD], ENDED_WELL],
])("%s → it has ended well", async (_, waited, looked) => {
  await expect(ended(incus(waited, looked), "op", 60, never)).resolves.toBeUndefined();
});

test.each<[string, Answer[], Answer, object]>([
  ["it fails while it is waited for", [FAILED], GONE, { status: 400, message: "no such image" }],
  [
    "it fails just after a question got too old",
    [TOO_OLD],
    FAILED,
    { status: 400, message: "no such image" },
  ],
  ["a question gets too old, and nobody knows it any more", [TOO_OLD], GONE, { code: "retry" }],
  ["nobody knows it any more", [GONE], GONE, { code: "retry" }],
])("%s → says so", async (_, waited, looked, wanted) => {
  await expect(ended(incus(waited, looked), "op", 60, never)).rejects.toMatchObject(wanted);
});
