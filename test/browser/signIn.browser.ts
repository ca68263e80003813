import { expect, inject, test } from "vitest";
import { admin, open, openPhoneSignedIn, openSignedIn, stack } from "./chromium.ts";
import { expire } from "./expire.ts";
import { z } from "zod";

/** Who gets in, and who does not. */

test("sign-in: the link that npm start prints → signed in, the code gone from the address; a second time → refused", async () => {
  const first = await open();
  await first.page.goto(inject("firstLink"));
  await first.page.getByRole("heading", { name: "Overview" }).waitFor();
  expect(new URL(first.page.url()).search).toBe("");
  expect(await first.page.evaluate(() => document.cookie)).toBe("");
  const second = await open();
  await second.page.goto(inject("firstLink"));
  await second.page.getByText("The link could not sign you in").waitFor();
  expect([...first.wrongs, ...second.wrongs]).toEqual([]);
  await Promise.all([first.close(), second.close()]);
});

test("sign-in: a wrong token → refused with a reason; a right one → signed in, and nothing of it is kept in the page", async () => {
  const { page, wrongs, close } = await open();
  await page.goto(stack().url);
  await page.getByLabel("Token with the role").fill("wp_admin_0000000000000000000000000000");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page
    .getByRole("alert")
    .filter({ hasText: /not known|expired|revoked/ })
    .waitFor();
  await page.getByLabel("Token with the role").fill(stack().adminToken);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  expect(kept).toBe("[{},{}]");
  expect(wrongs).toEqual([]);
  await close();
});

test("sign-in: a token that is revoked while its page is open → back at the sign-in", async () => {
  const token = z.looseObject({ id: z.string(), token: z.string() });
  const made = await admin().mutate("token.create", { name: "browser viewer", role: "viewer" }, token);
  const { page, wrongs, close } = await open();
  await page.goto(stack().url);
  await page.getByLabel("Token with the role").fill(made.token);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("browser viewer").waitFor();
  // A viewer may look and not touch, and is told so.
  expect(await page.getByRole("button", { name: "Assign a machine" }).isDisabled()).toBe(true);
  await admin().mutate("token.revoke", { id: made.id }, z.unknown());
  await page.getByText("Your session has ended").waitFor();
  expect(wrongs).toEqual([]);
  await close();
});

test("sign-in: a token that expires while its page is open → back at the sign-in, where it is refused", async () => {
  const token = z.looseObject({ id: z.string(), token: z.string() });
  const made = await admin().mutate(
    "token.create",
    { name: "browser guest", role: "viewer", expiresInSeconds: 3600 },
    token,
  );
  const { page, wrongs, close } = await open();
  await page.goto(stack().url);
  const signIn = async () => {
    await page.getByLabel("Token with the role").fill(made.token);
    await page.getByRole("button", { name: "Sign in" }).click();
  };
  await signIn();
  await page.getByRole("article", { name: "Pool demo" }).waitFor();
  await expire(made.id);
  await page.getByText("Your session has ended").waitFor();
  expect(await page.getByRole("article").count()).toBe(0);
  await signIn();
  await page.getByRole("alert").filter({ hasText: "expired" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  expect(wrongs).toEqual([]);
  await close();
});

test("sign-in: signing out → the sign-in page, also after a reload", async () => {
  const { page, close } = await openSignedIn("/");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await close();
});

test("sign-in: signing out on a phone, on the page Settings → the sign-in page, also after a reload", async () => {
  const { page, wrongs, close } = await openPhoneSignedIn("/");
  expect(await page.getByRole("button", { name: "Sign out" }).count()).toBe(0);
  await page.getByRole("link", { name: "Settings" }).tap();
  await page.getByRole("button", { name: "Sign out" }).tap();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  expect(wrongs).toEqual([]);
  await close();
});
