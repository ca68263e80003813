import { expect, test } from "vitest";
import { z } from "zod";
import { listMachines, putPoolLike, untilFull } from "../../verify/harness/pools.ts";
import { admin, openSignedIn, stack } from "./chromium.ts";

/** What an operator does, and sees happen. */
const FULL_SECONDS = 120;

test("overview: a machine more is wanted → the bar fills without a reload", async () => {
  const { page, wrongs, close } = await openSignedIn("/");
  await page.getByText("3/3").waitFor();
  await putPoolLike(admin(), "demo", { targetSize: 4, maxSize: 8 });
  await page.getByText("4/4").waitFor();
  expect(wrongs).toEqual([]);
  await close();
});

test("machine: recreate → asks first and names the machine; then its timeline shows it, in another tab too", async () => {
  await untilFull(admin(), "demo", 4, FULL_SECONDS);
  const [machine] = await listMachines(admin(), "demo", "ready");
  const name = machine?.name ?? "";
  const { page, wrongs, close } = await openSignedIn(`/machines/${name}`);
  const other = await page.context().newPage();
  await other.goto(`${stack().url}/machines?state=ready`);
  await other.getByRole("link", { name: `${name}: ready` }).waitFor();
  await page.getByRole("button", { name: "Recreate" }).click();
  const dialog = page.getByRole("dialog");
  expect(await dialog.textContent()).toContain(name);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Recreate" }).click();
  await page.getByRole("button", { name: `Delete ${name}` }).click();
  await page.getByText("deleting", { exact: true }).first().waitFor();
  await other.getByRole("link", { name: `${name}: ready` }).waitFor({ state: "detached" });
  expect(wrongs).toEqual([]);
  await close();
});

test("machine: an action that is refused → disabled, with the reason", async () => {
  await untilFull(admin(), "demo", 4, FULL_SECONDS);
  const [machine] = await listMachines(admin(), "demo", "ready");
  const { page, close } = await openSignedIn(`/machines/${machine?.name}`);
  const cut = page.getByRole("button", { name: "Cut access" });
  await cut.waitFor();
  expect(await cut.isDisabled()).toBe(true);
  expect(await page.getByText(/^Not now: it has no assignment; hold/).count()).toBe(1);
  await close();
});

test("pool: a change is planned as a diff before it can be put", async () => {
  const { page, wrongs, close } = await openSignedIn("/pools/demo");
  const plan = page.getByRole("button", { name: "Plan the change" });
  await plan.waitFor();
  expect(await plan.isDisabled()).toBe(true);
  await page.getByLabel("Target: machines kept ready").fill("3");
  await plan.click();
  const found = page.getByRole("region", { name: "Plan of the change" });
  await found.getByText('"targetSize": 3').waitFor();
  expect(await found.textContent()).toContain("removed");
  await page.getByRole("button", { name: "Put the change" }).click();
  await page.getByText("Pool demo is put.").waitFor();
  const { spec } = await admin().query(
    "pool.get",
    { name: "demo" },
    z.looseObject({ spec: z.looseObject({ targetSize: z.int() }) }),
  );
  expect(spec.targetSize).toBe(3);
  expect(wrongs).toEqual([]);
  await close();
});

test("pool: removing it needs its name", async () => {
  const { page, close } = await openSignedIn("/pools/demo");
  await page.getByRole("button", { name: "Remove", exact: true }).click();
  const remove = page.getByRole("button", { name: "Remove demo" });
  expect(await remove.isDisabled()).toBe(true);
  await page.getByLabel("Type demo to confirm").fill("dem");
  expect(await remove.isDisabled()).toBe(true);
  await page.getByLabel("Type demo to confirm").fill("demo");
  expect(await remove.isEnabled()).toBe(true);
  await page.getByRole("button", { name: "Cancel" }).click();
  await close();
});

test("keys: / searches, ? lists the keys, g and a letter go, arrows move between machines", async () => {
  const { page, wrongs, close } = await openSignedIn("/");
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  await page.getByRole("combobox").fill("demo");
  await page.getByRole("option").first().waitFor();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "demo" }).waitFor();
  await page.keyboard.press("g");
  await page.keyboard.press("m");
  await page.getByRole("heading", { level: 1, name: "Machines" }).waitFor();
  const cells = page.locator("a.cell");
  await cells.nth(1).waitFor();
  await cells.nth(0).focus();
  await page.keyboard.press("ArrowRight");
  const name = await page.evaluate(() => document.activeElement?.getAttribute("aria-label")?.split(":")[0]);
  await page.keyboard.press("Enter");
  await page.getByRole("complementary", { name: `Machine ${name}` }).waitFor();
  expect(wrongs).toEqual([]);
  await close();
});

test("server: away → the page says so and keeps what it shows; back → live again by itself", async () => {
  const { page, close } = await openSignedIn("/");
  await page.getByText("Pools", { exact: true }).waitFor();
  process.kill(stack().pids.edge, "SIGKILL");
  await page.getByText(/behind$/).waitFor();
  expect(await page.getByRole("article", { name: "Pool demo" }).count()).toBe(1);
  await page.getByText("Live", { exact: true }).waitFor();
  await close();
});
