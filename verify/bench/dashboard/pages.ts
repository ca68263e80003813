import { setTimeout as delay } from "node:timers/promises";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { z } from "zod";
import type { Edge } from "./edge.ts";
import { change } from "./installation.ts";
import { CATEGORIES, trace, type Update, updatesOf } from "../../harness/trace.ts";

/** What pages cost in a browser: until they show something, and for each update. */

const PATIENCE_MS = 120_000;
const MARK = "the benchmark's next update";
/** After what a page asks for has come, it draws. */
const DRAWN_MS = 500;
const WARM_UP = 3;

const link = z.looseObject({ url: z.string() });

export async function signIn(browser: Browser, { url, admin }: Edge): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const { url: once } = await admin.mutate("session.link", undefined, link);
  await page.goto(new URL(once, url).href);
  await page.getByText("Live", { exact: true }).waitFor();
  await page.close();
  return context;
}

/** Milliseconds from the navigation until the page has what `selector` finds, in a browser that has cached nothing. */
export async function firstShown(
  browser: Browser,
  signedIn: BrowserContext,
  address: string,
  selector: string,
): Promise<number> {
  const context = await browser.newContext({ storageState: await signedIn.storageState() });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  await page.addInitScript((wanted) => {
    new MutationObserver((_, observer) => {
      if (document.querySelector(wanted) === null) return;
      performance.mark("shown");
      observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
  }, selector);
  await page.goto(address);
  await page.locator(selector).first().waitFor();
  const ms = await page.evaluate(() => performance.getEntriesByName("shown")[0]?.startTime ?? Number.NaN);
  await context.close();
  return ms;
}

/** What the main thread has done for each of so many updates of the page at that path. */
export async function updates(
  browser: Browser,
  context: BrowserContext,
  { url, connection }: Edge,
  { path, selector }: { path: string; selector: string },
  count: number,
): Promise<Update[]> {
  const page = await context.newPage();
  await page.goto(url + path);
  await page.locator(selector).first().waitFor();
  await page.getByText("Live", { exact: true }).waitFor();
  const update = async (n: number) => {
    await mark(page);
    const read = page.waitForResponse(/pool\.list/);
    await change(connection.db, n);
    await read;
    await delay(DRAWN_MS);
  };
  for (let n = 0; n < WARM_UP; n += 1) await update(n);
  await browser.startTracing(page, { categories: CATEGORIES });
  for (let n = 0; n < count; n += 1) await update(WARM_UP + n);
  await mark(page);
  const recorded = trace.parse(JSON.parse((await browser.stopTracing()).toString("utf8")));
  await page.close();
  return updatesOf(recorded, MARK);
}

const mark = (page: Page) => page.evaluate((name) => void performance.mark(name), MARK);
