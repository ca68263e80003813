import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { deadline } from "../helpers/patience.ts";
import type { ConsumerProject } from "./consumerProject.ts";

/**
 * The three places in which the client runs. Each executes the consumer's program for that place to its end, and
 * passes on every line as the program says it.
 */
export type Place = (project: ConsumerProject, given: Given, said: (line: string) => void) => Promise<void>;
/** What the program needs; `url` is the server's. */
export type Given = { url: string; token: string; username: string; sshKey: string };

const SECONDS = 120;

/** As Node resolves the package, without a bundler. */
const inNode: Place = async (project, given, said) => {
  const child = spawn(process.execPath, [join(project.path, "inNode.js"), JSON.stringify(given)], {
    stdio: ["ignore", "pipe", "inherit"],
    signal: deadline(SECONDS),
  });
  createInterface(child.stdout).on("line", said);
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) said(`ended with ${code}`);
};

/** As wrangler bundles it, without compatibility flags. */
const inWorkerd: Place = async (project, given, said) => {
  // Here and not above: it takes a second to load, and fetch would be its own from then on.
  const { convertV4MiniflareOptions, Miniflare } = await import("miniflare");
  const script = await bundled(project, "inWorkerd.ts", ["workerd", "worker", "browser"]);
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      cf: false,
      telemetry: { enabled: false },
      workers: [{ name: "app", modules: true, script, compatibilityDate: "2026-01-01" }],
    }),
  );
  try {
    // Packed, the lines would arrive only when there are many of them.
    const headers = { "accept-encoding": "identity" };
    const request = { method: "POST", headers, body: JSON.stringify(given), signal: deadline(SECONDS) };
    const { body } = await fetch(await miniflare.ready, request);
    if (body === null) throw new Error("the Worker's response has no body");
    let rest = "";
    const decoder = new TextDecoder();
    for await (const piece of body) {
      const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) said(line);
    }
  } finally {
    await miniflare.dispose();
  }
};

/** On a page of the server's own origin, as behind a proxy that also serves the app. */
const inBrowser: Place = async (project, given, said) => {
  const script = await bundled(project, "inBrowser.ts", ["browser"]);
  const browser = await chromium.launch({
    executablePath: process.env["WARMPOOL_CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(SECONDS * 1000);
    const ended = Promise.withResolvers<void>();
    page.on("pageerror", ended.reject);
    await page.exposeFunction("say", said);
    await page.exposeFunction("end", ended.resolve);
    await page.route(`${given.url}/app/**`, (route) =>
      route.request().url().endsWith(".js")
        ? route.fulfill({ contentType: "text/javascript", body: `${script}\nwindow.end();` })
        : route.fulfill({
            contentType: "text/html",
            body: `<script>window.given = ${JSON.stringify(given)}</script><script type="module" src="app.js"></script>`,
          }),
    );
    await page.goto(`${given.url}/app/index.html`);
    deadline(SECONDS).addEventListener("abort", () => ended.reject(new Error("the page did not end")));
    await ended.promise;
  } finally {
    await browser.close();
  }
};

export const PLACES = { Node: inNode, workerd: inWorkerd, "a browser": inBrowser };

async function bundled(project: ConsumerProject, entry: string, conditions: string[]): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(project.path, entry)],
    absWorkingDir: project.path,
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    platform: "browser",
    conditions,
  });
  return outputFiles[0]?.text ?? "";
}
