import { createServer } from "node:http";
import { expect, inject, test } from "vitest";
import { openSignedIn } from "./chromium.ts";

test("webhook: a test while the receiver is away, and one that it accepts → both answers are shown and stay listed", async () => {
  const { page, wrongs, close } = await openSignedIn("/settings");
  const send = page.getByRole("button", { name: "Send a test" });
  const listed = (answer: string) =>
    page.getByRole("row").filter({ hasText: "webhook.test" }).filter({ hasText: answer });
  await send.click();
  await page.getByText("was not accepted: the receiver could not be reached.").waitFor();
  await listed("given up").waitFor();

  let types = "";
  const receiver = createServer((request, response) => {
    request.on("data", (piece: Buffer) => (types += piece.toString("utf8")));
    request.on("end", () => response.writeHead(202).end("not to be shown"));
  });
  await new Promise<void>((resolve) => receiver.listen(inject("webhookPort"), "127.0.0.1", resolve));
  await send.click();
  await page.getByText("accepted the test message: it responded with 202.").waitFor();
  await listed("202").waitFor();
  expect(types).toContain('"webhook.test"');
  await page.reload();
  await listed("202").waitFor();
  expect(await page.getByText("not to be shown").count()).toBe(0);
  expect(await page.getByText("/hook").count()).toBe(0);
  receiver.closeAllConnections();
  receiver.close();
  expect(wrongs).toEqual([]);
  await close();
});
