import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { inject } from "vitest";
import { z } from "zod";
import { local } from "../../verify/harness/interface.ts";
import { type Rpc, rpc } from "../../verify/harness/rpc.ts";

/** A browser, and pages in it that are signed in. */

/** How long a page may take to show what it should, in milliseconds; a busy machine takes many times what a quiet one does. */
const PATIENCE_MS = 120_000;
const PHONE = { width: 390, height: 844 };

/** Of the worker; setup.ts starts it and ends it. */
let browser: Promise<Browser> | null = null;

/** What the stack says of itself now: parts that were started again have other process ids. */
export function stack() {
  return local.parse(JSON.parse(readFileSync(join(inject("stateDir"), "local.json"), "utf8")));
}

export function admin(): Rpc {
  const { url, adminToken } = stack();
  return rpc(url, adminToken);
}

export type Window = {
  page: Page;
  /** What the page did that it must not: errors of scripts, and what the content security policy forbids. */
  wrongs: string[];
  close: () => Promise<void>;
};

/** An empty page of its own session. */
export async function open(options: BrowserContextOptions = {}): Promise<Window> {
  browser ??= chromium.connect(inject("browserAt"));
  const context = await (await browser).newContext(options);
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  const wrongs: string[] = [];
  page.on("pageerror", (error) => wrongs.push(String(error.stack)));
  page.on("dialog", (dialog) => {
    wrongs.push(`a script of a machine ran: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    if (/Content Security Policy|Trusted/.test(message.text())) wrongs.push(message.text());
  });
  return { page, wrongs, close: () => context.close() };
}

/** How a browser on a phone is. */
const ON_PHONE = { viewport: PHONE, deviceScaleFactor: 2, hasTouch: true, isMobile: true };

export function openPhone(): Promise<Window> {
  return open(ON_PHONE);
}

/** A page of the dashboard on a phone, signed in. */
export function openPhoneSignedIn(path: string): Promise<Window> {
  return openSignedIn(path, ON_PHONE);
}

const link = z.looseObject({ url: z.string() });

/** The address of a link that signs in once. */
export async function signInLink(): Promise<string> {
  const { url } = await admin().mutate("session.link", undefined, link);
  return new URL(url, stack().url).href;
}

/** A page of the dashboard, signed in, at this address. */
export async function openSignedIn(path: string, options: BrowserContextOptions = {}): Promise<Window> {
  const window = await open(options);
  await window.page.goto(await signInLink());
  await window.page.getByText("Live", { exact: true }).waitFor();
  if (path !== "/") await window.page.goto(new URL(path, stack().url).href);
  return window;
}
