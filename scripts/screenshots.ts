import { generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium, type Page } from "playwright-core";
import { z } from "zod";
import { until } from "../test/helpers/until.ts";
import { putPoolLike } from "../verify/harness/pools.ts";
import type { Rpc } from "../verify/harness/rpc.ts";
import { type Stack, startStack } from "../verify/harness/stack.ts";

/**
 * `npm run screenshots`: starts a stack, gives it testers in every state, and takes a picture of each page of the dashboard
 * into docs/screenshots. Look at them before you commit them.
 *
 *   npm run screenshots -- [PORT]    of the stack (8790)
 */
const TARGET = fileURLToPath(new URL("../docs/screenshots", import.meta.url));
const START_SECONDS = 300;
const PATIENCE_MS = 120_000;
const SIZE = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

const link = z.looseObject({ url: z.string() });
const assigned = z.looseObject({ assignment: z.looseObject({ id: z.string() }), page: link.optional() });
const machines = z.looseObject({ items: z.array(z.looseObject({ name: z.string() })) });

const folder = await mkdtemp(join(tmpdir(), "warmpool-screenshots-"));
const receiver = await startReceiver();
const stack = await startStack(
  {
    runtime: "node",
    driver: "local",
    stateDir: join(folder, "state"),
    port: Number(process.argv[2] ?? 8790),
    logFile: join(folder, "start.log"),
    targetSize: 4,
    sweepSeconds: 5,
    env: {
      WARMPOOL_WEBHOOK_URL: receiver.url,
      WARMPOOL_WEBHOOK_SECRET: `whsec_${btoa("of these screenshots alone")}`,
    },
  },
  START_SECONDS,
);
try {
  const testers = await fill(stack);
  await mkdir(TARGET, { recursive: true });
  await shoot(stack, testers);
} finally {
  await stack.stop("sigterm");
  receiver.close();
  await rm(folder, { recursive: true });
}

type Testers = { ready: string; working: string; failed: string; page: string };

/** A receiver of the webhook that accepts what it gets, but for set-ups that failed. */
async function startReceiver(): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (piece: Buffer) => (body += piece.toString("utf8")));
    request.on("end", () => response.writeHead(body.includes("assignment.failed") ? 503 : 204).end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the receiver has no port");
  return {
    url: `http://127.0.0.1:${address.port}/hooks`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Somebody in every state: ready, at work, failed, in line. */
async function fill({ admin }: Stack): Promise<Testers> {
  await admin.mutate("recipe.put", recipe(), z.unknown());
  await putPoolLike(admin, "demo", {
    recipe: "desktop",
    maxSize: 5,
    assignmentTtlSeconds: 28_800,
    testerTtlSeconds: 43_200,
  });
  const ask = (username: string, mode: string, page = false) =>
    admin.mutate(
      "tester.assign",
      { username, sshKeys: [newKey(username)], params: { MODE: mode }, page },
      assigned,
    );
  const ready = await ask("alice", "ready", true);
  const working = await ask("bob", "wait");
  const failed = await ask("carol", "fail");
  await ask("dave", "ready");
  await ask("erin", "ready");
  await ask("a_tester_with_a_rather_long_name", "ready");
  await ask("frank", "ready");
  const state = z.looseObject({ state: z.string(), setup: z.looseObject({ step: z.int() }).nullable() });
  await untilTester(admin, "alice", state, ({ state: is }) => is === "active");
  await untilTester(admin, "carol", state, ({ state: is }) => is === "failed");
  await untilTester(admin, "bob", state, ({ setup }) => setup?.step === 3);
  return {
    ready: ready.assignment.id,
    working: working.assignment.id,
    failed: failed.assignment.id,
    page: ready.page?.url ?? "",
  };
}

function untilTester<T>(admin: Rpc, username: string, form: z.ZodType<T>, is: (tester: T) => boolean) {
  return until(
    `${username} to come so far`,
    async () => is(await admin.query("tester.status", { username }, form)),
    {
      seconds: START_SECONDS,
      everyMs: 200,
    },
  );
}

/** Its second step waits or fails, as the tester's parameter says. */
function recipe() {
  const step = (id: string, title: string, script: string) => ({ id, title, script, timeoutSeconds: 600 });
  const install = [
    'echo "Reading package lists"',
    'for n in 1 2 3 4 5 6 7 8; do echo "Unpacking package $n of 8"; echo "::progress $((n * 5)) package $n of 8"; done',
    '[ "$WARMPOOL_PARAM_MODE" != wait ] || sleep 600',
    '[ "$WARMPOOL_PARAM_MODE" != fail ] || { echo "E: Unable to locate package desktop-extras"; exit 100; }',
  ];
  return {
    name: "desktop",
    params: { MODE: { default: "ready", description: "How the set-up ends" } },
    steps: [
      step("account", "Prepare the account", "echo ready"),
      step("packages", "Install packages", install.join("\n")),
      step(
        "desktop",
        "Start the desktop",
        'echo "::output url=https://desk.example.com/$WARMPOOL_USERNAME"\necho "::output display=:1"',
      ),
    ],
  };
}

async function shoot(running: Stack, testers: Testers): Promise<void> {
  const { admin } = running;
  const { url } = running.local();
  const [machine] = (await admin.query("machine.list", { state: "assigned" }, machines)).items;
  const pages: [name: string, path: string, height?: number][] = [
    ["overview", "/"],
    ["pool", "/pools/demo"],
    ["machines", "/machines"],
    ["machine", `/machines/${machine?.name}`],
    ["testers", "/testers"],
    ["tester", `/testers/${testers.working}`],
    ["tester-failed", `/testers/${testers.failed}`],
    ["capacity", "/capacity"],
    ["nodes", "/nodes"],
    ["events", "/events"],
    ["settings", "/settings", 1500],
  ];
  const browser = await chromium.launch({
    executablePath: process.env["WARMPOOL_CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
  try {
    for (const colorScheme of ["light", "dark"] as const) {
      const context = await browser.newContext({ viewport: SIZE, colorScheme });
      context.setDefaultTimeout(PATIENCE_MS);
      const page = await context.newPage();
      const { url: signIn } = await admin.mutate("session.link", undefined, link);
      await page.goto(new URL(signIn, url).href);
      await page.getByText("Live", { exact: true }).waitFor();
      for (const [name, path, height = SIZE.height] of colorScheme === "light" ? pages : pages.slice(0, 4)) {
        await page.setViewportSize({ ...SIZE, height });
        await take(page, url + path, colorScheme === "light" ? name : `${name}-dark`);
      }
      await page.setViewportSize(PHONE);
      if (colorScheme === "light") await take(page, `${url}/`, "overview-phone");
      await take(page, new URL(testers.page, url).href, colorScheme === "light" ? "page" : "page-dark");
      await context.close();
    }
  } finally {
    await browser.close();
  }
}

/** When nothing on the page is still loading. */
async function take(page: Page, address: string, name: string): Promise<void> {
  await page.goto(address);
  await page.getByRole("heading", { level: 1 }).waitFor();
  await page.waitForLoadState("load");
  await until(`${name} to be drawn`, async () => (await page.locator(".pulse").count()) === 0);
  await page.screenshot({ path: join(TARGET, `${name}.png`) });
  console.log(`${name}: ${page.url()}`);
}

function newKey(name: string): string {
  const { publicKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  const field = (bytes: Buffer) => Buffer.concat([Buffer.from([0, 0, 0, bytes.length]), bytes]);
  return `ssh-ed25519 ${Buffer.concat([field(Buffer.from("ssh-ed25519")), field(raw)]).toString("base64")} ${name}`;
}
