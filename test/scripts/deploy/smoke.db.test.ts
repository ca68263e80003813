import { createServer, type AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { smoke } from "../../../scripts/deploy/smoke.ts";
import { startEdge } from "../../api/edges.ts";
import { testDb } from "../../helpers/db.ts";
import { freePort } from "../../relay/helpers/node.ts";

/** The smoke test of a deploy: it is well with a real edge, and with nothing else. */

test("a real edge: nothing but the dashboard, which this one is not given, is missing", async () => {
  await using t = await testDb();
  await using edge = await startEdge("node", t.url);
  const problems = await smoke(edge.url, 0);
  expect(problems.filter((problem) => !problem.startsWith("/ does not show"))).toEqual([]);
});

test("nobody there: every check says so", async () => {
  const problems = await smoke(`http://127.0.0.1:${await freePort()}`, 0);
  expect(problems).toHaveLength(4);
  for (const problem of problems) expect(problem).toMatch(/does not show that .*ECONNREFUSED/);
});

test("something else that answers everything with 200: found out", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end("HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const problems = await smoke(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, 0);
  server.close();
  expect(problems).toHaveLength(4);
});
