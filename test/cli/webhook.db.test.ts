import { expect, test } from "vitest";
import { startReceiver } from "../domain/webhook/receiver.ts";
import { testDb } from "../helpers/db.ts";
import { startEdge } from "../api/edges.ts";
import { longest, unwrapped, warmpool } from "./run.ts";

test("webhook test: accepted or not → says what the receiver answered, and ends with 0 or 1; get lists both", async () => {
  await using t = await testDb();
  await using hook = await startReceiver();
  await using edge = await startEdge("node", t.url, { webhook: hook.receiver });
  const at = { url: edge.url };
  hook.answers.push(204, 500);
  expect(await warmpool(["webhook", "test"], at)).toEqual({
    code: 0,
    stdout: "The receiver accepted the test message: it responded with 204.\n",
    stderr: "",
  });
  const failed = await warmpool(["webhook", "test"], at);
  expect(failed).toMatchObject({ code: 1, stderr: "" });
  expect(unwrapped(failed.stdout)).toContain("was not accepted: the receiver responded with 500.");
  const got = await warmpool(["webhook", "get"], { ...at, terminal: 80 });
  expect(got).toMatchObject({ code: 0, stderr: "" });
  expect(longest(got.stdout)).toBeLessThanOrEqual(80);
  expect(got.stdout).toContain(`Messages go to ${new URL(hook.receiver.url).origin}; 0 not delivered yet.`);
  expect(got.stdout).toMatch(/^\S+ ago +webhook\.test +given_up +500 +1 /m);
  expect(got.stdout).toMatch(/^\S+ ago +webhook\.test +delivered +204 +1 /m);
  const csv = await warmpool(["webhook", "get", "-o", "csv", "--columns", "STATE,ANSWER"], at);
  expect(csv.stdout).toBe("STATE,ANSWER\r\ngiven_up,500\r\ndelivered,204\r\n");
});

test("webhook: none is configured → get says so, and a test is refused with what to set", async () => {
  await using t = await testDb();
  await using edge = await startEdge("node", t.url);
  const got = await warmpool(["webhook", "get"], { url: edge.url });
  expect(unwrapped(got.stdout)).toContain("No webhook is configured. Set WARMPOOL_WEBHOOK_URL");
  const refused = await warmpool(["webhook", "test"], { url: edge.url });
  expect(refused).toMatchObject({ code: 4, stdout: "" });
  expect(unwrapped(refused.stderr)).toContain("WARMPOOL_WEBHOOK_SECRET");
});
