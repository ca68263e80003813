import { expect, test } from "vitest";
import { NOT_MIGRATED } from "../../src/contract/schema.ts";
import { describeFailure, endsSession, isNotMigrated, isUnavailable } from "../../src/db/failure.ts";

/** As they arrive: the server's error, within what Drizzle throws. */
function failure(code: string): Error {
  const cause = Object.assign(new Error("the server's words"), { code });
  return new Error("Failed query: select 1", { cause });
}

test.each([
  ...["08000", "08001", "08003", "08004", "08006", "08P01"],
  ...["53000", "53100", "53200", "53300", "53400", "53999"],
  ...["58000", "58030", "58P01", "58P02"],
  ...["57P01", "57P02", "57P03", "57P04", "57P05", "57014", "55P03", "25006", "40001", "40P01"],
  ...["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EMFILE", "CONNECTION_CLOSED", "CONNECT_TIMEOUT"],
])("a failure with code %s is the database's, and may go away", (code) => {
  expect(isUnavailable(failure(code))).toBe(true);
});

test.each(["23505", "22P02", "42601", "42501", "42P01", "57000", "P0001", "XX000", ""])(
  "a failure with code %j is not",
  (code) => {
    expect(isUnavailable(failure(code))).toBe(false);
    expect(endsSession(failure(code))).toBe(false);
  },
);

test.each(["25006", "57P01", "57P02", "57P03", "57P04", "57P05", "08000", "08003", "08006", "08P01"])(
  "after code %s a session is not used again",
  (code) => {
    expect(endsSession(failure(code))).toBe(true);
  },
);

test.each(["57014", "53100", "40001", "55P03"])("after code %s it is", (code) => {
  expect(endsSession(failure(code))).toBe(false);
});

test.each([
  ["42P01", true],
  ["42703", true],
  ["3F000", true],
  ["42601", false],
  ["23505", false],
])("code %s says that the database has another schema: %s, and the log what to do", (code, isSo) => {
  expect(isNotMigrated(failure(code))).toBe(isSo);
  expect(describeFailure(failure(code)).includes(NOT_MIGRATED)).toBe(isSo);
});
