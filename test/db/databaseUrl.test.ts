import { expect, test } from "vitest";
import { readDatabaseUrl } from "../../src/db/databaseUrl.ts";

const SECRET = "s3cr3t";

test.each([
  ["#", `postgres://u:${SECRET}#x@127.0.0.1:5432/w`],
  ["# after digits", `postgres://u:12#${SECRET}@127.0.0.1:5432/w`],
  ["%", `postgres://u:${SECRET}%@127.0.0.1:5432/w`],
  ["% and letters", `postgres://u:${SECRET}%zz@127.0.0.1:5432/w`],
  ["/", `postgres://u:${SECRET}/x@127.0.0.1:5432/w`],
  ["/ after digits", `postgres://u:12/${SECRET}@127.0.0.1:5432/w`],
  ["?", `postgres://u:${SECRET}?x@127.0.0.1:5432/w`],
  ["? after digits", `postgres://u:12?${SECRET}@127.0.0.1:5432/w`],
  ["? and =", `postgres://u:12?${SECRET}@h=1@127.0.0.1:5432/w`],
  ["a line break", `postgres://u:${SECRET}\nx@127.0.0.1:5432/w`],
  ["a tab", `postgres://u:${SECRET}\tx@127.0.0.1:5432/w`],
  ["a NUL", `postgres://u:${SECRET}%00x@127.0.0.1:5432/w`],
  ["a port that is none", `postgres://u:${SECRET}@127.0.0.1:99999/w`],
  ["an open bracket", `postgres://u:${SECRET}@[::1/w`],
  ["several hosts", `postgres://u:${SECRET}@a:1,b:2/w`],
  ["no host", `postgres://u:${SECRET}@/w`],
  ["another protocol", `mysql://u:${SECRET}@127.0.0.1/w`],
  ["no protocol", `u:${SECRET}@127.0.0.1/w`],
  ["a TLS mode that is none", `postgres://u:${SECRET}@127.0.0.1/w?sslmode=${SECRET}`],
  ["a key of its own", `postgres://u:${SECRET}@127.0.0.1/w?sslkey=${SECRET}`],
  ["nothing", ""],
])("a URL with %s: a sentence without any of it", (_, text) => {
  const read = readDatabaseUrl(text);
  expect(read).toEqual({ problem: expect.stringMatching(/^[^\n]{10,}$/) });
  expect(JSON.stringify(read)).not.toContain(SECRET);
});

test.each([
  ["postgres://u:p@h/w", { host: "h", port: 5432, user: "u", password: "p", database: "w", ssl: false }],
  ["postgresql://u:p@[::1]:6543/w", { host: "::1", port: 6543 }],
  ["postgres://u:p@[fd00::1:2]/w", { host: "fd00::1:2", port: 5432 }],
  ["postgres://u:%23%25%2F%3F%40%3A%20%C3%A4@h/w%20x", { password: "#%/?@: ä", database: "w x" }],
  ["postgres://u:a b@h/w", { password: "a b" }],
  ["postgres://u:a@b@h/w", { password: "a@b", host: "h" }],
  ['postgres://u:[x]^|{}"<>`@h/w\n', { password: '[x]^|{}"<>`', database: "w" }],
  ["postgres://u@h", { user: "u", password: "", database: "" }],
  [
    "postgres://u:p@h/w?sslmode=require&application_name=x&channel_binding=require",
    {
      ssl: "require",
      parameters: { application_name: "x" },
    },
  ],
  ["postgres://u:p@h/w?sslmode=verify-full", { ssl: "verify-full" }],
  ["postgres://u:p@h/w?sslmode=disable&pgbouncer=true", { ssl: false, parameters: {} }],
])("%s is read", (text, expected) => {
  expect(readDatabaseUrl(text)).toMatchObject(expected);
});
