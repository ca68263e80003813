import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import type { TestProject } from "vitest/node";
import { z } from "zod";
import { startStack } from "../../verify/harness/stack.ts";
import { freePort } from "./port.ts";

/** One browser, and one stack, for all browser tests: `npm start` with a folder and a port of its own, three machines of the driver local. */
declare module "vitest" {
  interface ProvidedContext {
    stateDir: string;
    /** Where the browser takes commands, as a WebSocket's address on loopback. */
    browserAt: string;
    /** What `npm start` printed as the link that signs in once. */
    firstLink: string;
    /** Where the stack's webhook goes, on loopback: nobody listens there but a test. */
    webhookPort: number;
  }
}

const START_SECONDS = 300;
const runtime = z.enum(["node", "workerd"]).parse(process.env["WARMPOOL_BROWSER_RUNTIME"] ?? "node");

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const browser = await chromium.launchServer({
    executablePath: process.env["WARMPOOL_CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
    host: "127.0.0.1",
  });
  provide("browserAt", browser.wsEndpoint());
  const folder = await mkdtemp(join(tmpdir(), "warmpool-browser-"));
  const stateDir = join(folder, "state");
  const logFile = join(folder, "start.log");
  const webhookPort = await freePort();
  provide("webhookPort", webhookPort);
  const stack = await startStack(
    {
      ...{
        runtime,
        driver: "local",
        stateDir,
        port: await freePort(),
        logFile,
        targetSize: 3,
        sweepSeconds: 5,
      },
      env: {
        WARMPOOL_WEBHOOK_URL: `http://127.0.0.1:${webhookPort}/hook`,
        WARMPOOL_WEBHOOK_SECRET: `whsec_${btoa("the browser tests' own secret.")}`,
      },
    },
    START_SECONDS,
  );
  const line = await stack.line("Dashboard: ", START_SECONDS);
  provide("stateDir", stateDir);
  provide("firstLink", line.slice("Dashboard: ".length).trim());
  return async () => {
    await browser.close();
    await stack.stop("sigterm");
    await rm(folder, { recursive: true });
  };
}
