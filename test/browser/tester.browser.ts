import { generateKeyPairSync } from "node:crypto";
import { expect, test } from "vitest";
import { admin, openPhone, openSignedIn, stack } from "./chromium.ts";
import { freePort, listenOn } from "./port.ts";
import { HOSTILE, hostileRecipe, useRecipe } from "./recipe.ts";

/** A tester from being asked for to being done: as the operator sees it, and on their own page. */

test("assign: progress moves by itself, what a hostile machine says is text, the tester's page works on a phone", async () => {
  const port = await freePort();
  await useRecipe(admin(), hostileRecipe(port));
  const { page, wrongs, close } = await openSignedIn("/testers");
  await page.getByRole("button", { name: "Assign a machine" }).click();
  await page.getByLabel("Username on the machine").fill("alice");
  await page.getByRole("button", { name: "Assign", exact: true }).click();
  await page.getByRole("heading", { level: 1, name: "alice" }).waitFor();
  await page.getByText("Wait for the test").first().waitFor();
  // What the first step has said is text.
  const log = page.getByRole("region", { name: "Log of the set-up" });
  await log.getByText(HOSTILE.script, { exact: true }).waitFor();
  await log.getByText("red end").waitFor();
  await page.getByText(HOSTILE.url).first().waitFor();
  expect(await page.locator('a[href^="javascript"]').count()).toBe(0);
  expect(await page.locator("main img, main script").count()).toBe(0);
  expect(await page.getByRole("link", { name: "https://desk.example/start" }).getAttribute("rel")).toContain(
    "noopener",
  );

  await page.getByRole("button", { name: "Tester’s link" }).click();
  await page.getByRole("button", { name: "Create a link" }).click();
  const link = (await page.getByRole("dialog").locator("code").first().textContent()) ?? "";
  const phone = await openPhone();
  await phone.page.goto(link);
  await phone.page.getByRole("heading", { name: "Your machine is being set up" }).waitFor();
  const gate = await listenOn(port);
  await phone.page.getByRole("heading", { name: "Your machine is ready" }).waitFor();
  gate.close();
  await page.getByRole("button", { name: "Done" }).click();
  await page.getByText("active", { exact: true }).first().waitFor();

  // Nothing of the page is wider than the phone.
  expect(await phone.page.evaluate(() => document.documentElement.scrollWidth <= innerWidth)).toBe(true);
  expect(await phone.page.getByText(/^ssh -p \d+ alice@/).count()).toBe(1);
  expect(await phone.page.getByText(/^SHA256:/).count()).toBeGreaterThan(0);
  expect(await phone.page.locator('a[href^="javascript"]').count()).toBe(0);
  await phone.page.getByLabel("Public key").fill(newPublicKey());
  await phone.page.getByRole("button", { name: "Add this key" }).click();
  await phone.page.getByText("There is none yet").waitFor({ state: "detached" });
  await phone.page.getByRole("button", { name: /I need longer/ }).click();
  await phone.page
    .getByText("It cannot be extended any further")
    .or(phone.page.getByText(/^1h 5\dm$|^2h/))
    .first()
    .waitFor();

  await phone.page.getByRole("button", { name: "I am done" }).click();
  await phone.page.getByRole("button", { name: "Delete it" }).click();
  await phone.page.getByRole("heading", { name: "You have released your machine" }).waitFor();
  await page.getByText("released", { exact: true }).first().waitFor();
  await phone.page.reload();
  await phone.page.getByRole("heading", { name: "This link no longer works" }).waitFor();
  expect([...wrongs, ...phone.wrongs]).toEqual([]);
  await Promise.all([close(), phone.close()]);
});

test("tester's page: a made-up code → says that the link does not work, and nothing else", async () => {
  const phone = await openPhone();
  await phone.page.goto(`${stack().url}/t/${"A".repeat(43)}`);
  await phone.page.getByRole("heading", { name: "This link no longer works" }).waitFor();
  expect(phone.wrongs).toEqual([]);
  await phone.close();
});

function newPublicKey(): string {
  const { publicKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  const field = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  return `ssh-ed25519 ${Buffer.concat([field(Buffer.from("ssh-ed25519")), field(raw)]).toString("base64")} phone`;
}
