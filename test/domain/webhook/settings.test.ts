import { expect, test } from "vitest";
import { readWebhook } from "../../../src/domain/webhook/receiver.ts";
import { NEXT_SECRET, SECRET } from "./receiver.ts";

const URL_OF = "https://app.example/hooks/warmpool?key=topsecret";

test("neither setting is no webhook, both are one, with one secret or two", () => {
  expect(readWebhook(undefined, "")).toBeNull();
  expect(readWebhook(URL_OF, SECRET)).toEqual({ url: URL_OF, secrets: [SECRET] });
  expect(readWebhook(URL_OF, `${SECRET} ${NEXT_SECRET}`)).toEqual({
    url: URL_OF,
    secrets: [SECRET, NEXT_SECRET],
  });
});

test.each([["http://127.0.0.1:9/x"], ["http://localhost/x"], ["http://[::1]/x"]])(
  "%s is this very machine and may be http",
  (url) => {
    expect(readWebhook(url, SECRET)).toEqual({ url, secrets: [SECRET] });
  },
);

test.each([
  ["http://app.example/x?key=topsecret", SECRET, "must be https"],
  ["http://127.0.0.1.app.example/x", SECRET, "must be https"],
  ["ftp://localhost/topsecret", SECRET, "must be https"],
  ["https://169.254.169.254/topsecret", SECRET, "link-local"],
  ["https://2852039166/topsecret", SECRET, "link-local"],
  ["https://0xa9.0376.43518/topsecret", SECRET, "link-local"],
  ["https://[::ffff:169.254.169.254]/topsecret", SECRET, "link-local"],
  ["https://[fe80::1]/topsecret", SECRET, "link-local"],
  ["https://0.0.0.0/topsecret", SECRET, "link-local"],
  ["https://[::]/topsecret", SECRET, "link-local"],
  ["https://me:topsecret@app.example/", SECRET, "user or password"],
  ["topsecret", SECRET, "not a URL"],
  ["", SECRET, "is not set"],
  [URL_OF, "", "must be whsec_"],
  [URL_OF, "whsec_topsecret", "must be whsec_"],
  [URL_OF, `${SECRET} ${SECRET} ${SECRET}`, "must be whsec_"],
])("%s with %s is refused, and nothing of it is quoted", (url, secret, why) => {
  const read = readWebhook(url, secret);
  const problem = read !== null && "problem" in read ? read.problem : "";
  expect(problem).toContain(why);
  expect(problem).not.toContain("topsecret");
  expect(problem).not.toContain(SECRET);
});
