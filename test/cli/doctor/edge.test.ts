import { createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { reach } from "../../../src/cli/doctor/edge.ts";
import { DATABASE_DOWN } from "../../../src/contract/outage.ts";

/** What /healthz reports, as the first lines of the doctor. */
async function reached(status: string, ...problems: string[]) {
  const server = createServer((_, response) => response.end(JSON.stringify({ status, problems })));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const { checks, silent } = await reach(`http://127.0.0.1:${port}`);
  server.close();
  return {
    silent,
    said: checks.map(({ name, state, message }) => `${name} ${state}: ${message.replace(/^http\S+ /, "")}`),
  };
}

test.each([
  ["works", ["ok"], null, [/^edge ok: responds in \d+ ms: ok$/]],
  [
    "has a late duty, which is another check's",
    ["failing", "duty probe is late"],
    null,
    [/^edge ok: responds in \d+ ms$/],
  ],
  [
    "has a wrong setting",
    ["failing", "the limit is no number"],
    null,
    [/^edge wrong: the limit is no number$/],
  ],
  [
    "lost its database",
    ["failing", DATABASE_DOWN],
    "database",
    [/^edge ok: .* ms$/, /^database wrong: the database does not respond$/],
  ],
] as const)("an edge that %s → %j", async (_, [status, ...problems], silent, lines) => {
  const found = await reached(status, ...problems);
  expect(found.silent).toBe(silent);
  expect(found.said).toEqual(lines.map((line) => expect.stringMatching(line)));
});
