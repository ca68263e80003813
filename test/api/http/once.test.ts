import { expect, test } from "vitest";
import { keyed } from "../../../src/api/http/once.ts";
import { sha256 } from "../../../src/domain/core/hash.ts";

const REQUEST = 'POST /admin/v1/assignments\n{"username":"alice","sshKeys":[],"params":{"pin":"1234"}}';
const [MINE, OTHER] = ["wp_admin_mine", "wp_admin_other"];

test("what is kept of a request is the same for a repeat, and of no use to who guesses at a secret in it", async () => {
  const kept = await keyed(MINE, "k", REQUEST);
  expect(await keyed(MINE, "k", REQUEST)).toEqual(kept);
  expect((await keyed(MINE, "k", REQUEST.replace("1234", "1235"))).fingerprint).not.toBe(kept.fingerprint);
  // All that a dump tells: it has to take the bearer to come to the same.
  const guesses = [REQUEST, `\n${REQUEST}`, `${kept.holder}\n${REQUEST}`];
  for (const guess of guesses) expect(await sha256(guess)).not.toBe(kept.fingerprint);
  expect((await keyed(OTHER, "k", REQUEST)).fingerprint).not.toBe(kept.fingerprint);
  expect(JSON.stringify(kept)).not.toContain(MINE);
});
