import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, chromium } from "playwright-core";
import { buildDashboard } from "../../src/stack/dashboardBuild.ts";
import { type Bench, type Comparison, summary } from "./comparison.ts";
import { type Edge, startEdge } from "./dashboard/edge.ts";
import type { Size } from "./dashboard/installation.ts";
import { firstShown, signIn, updates } from "./dashboard/pages.ts";
import { p95 } from "../harness/trace.ts";

/**
 * What the dashboard costs in Chromium, on a large installation (A) against a small one (B). It says
 * where the large one is above what a page may cost: an update that takes longer than a frame is seen, and so is a page
 * that comes late.
 */
const LARGE: Size = { machines: 2000, testers: 200 };
const SMALL: Size = { machines: 20, testers: 2 };
const UPDATES = 20;
const LOADS = 5;
const MOST_FRAME_MS = 16;
const MOST_FIRST_MS = 1000;

const PAGES = [
  { name: "Overview", path: "/", selector: ".pool-card" },
  { name: "Machines", path: "/machines", selector: "a.cell" },
  { name: "Machines as a list", path: "/machines?view=list", selector: "main tbody tr" },
  { name: "Testers", path: "/testers", selector: "main tbody tr" },
];

export const dashboard: Bench = async (serverUrl) => {
  const folder = await mkdtemp(join(tmpdir(), "warmpool-dashboard-"));
  if (!(await buildDashboard(console.log, new AbortController().signal)))
    throw new Error("there is no dashboard to measure");
  const browser = await chromium.launch({
    executablePath: process.env["WARMPOOL_CHROMIUM"] ?? "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
  const edges: Edge[] = [];
  try {
    for (const size of [LARGE, SMALL]) edges.push(await startEdge(serverUrl, folder, size));
    const [large, small] = edges;
    if (large === undefined || small === undefined) return [];
    return await compareBoth(browser, large, small);
  } finally {
    await browser.close();
    for (const edge of edges) await edge.stop();
    await rm(folder, { recursive: true, force: true });
  }
};

async function compareBoth(browser: Browser, large: Edge, small: Edge): Promise<Comparison[]> {
  const [inLarge, inSmall] = [await signIn(browser, large), await signIn(browser, small)];
  const results: Comparison[] = [];
  const tooMuch: string[] = [];
  const sizes = `${LARGE.machines} machines and ${LARGE.testers} testers (A) against ${SMALL.machines} and ${SMALL.testers} (B)`;
  for (const page of PAGES) {
    const loads: { a: number; b: number }[] = [];
    for (let n = 0; n < LOADS; n += 1)
      loads.push({
        a: await firstShown(browser, inLarge, large.url + page.path, page.selector),
        b: await firstShown(browser, inSmall, small.url + page.path, page.selector),
      });
    const shown = summary(`${page.name}, until it shows: ${sizes}`, loads);
    const a = await updates(browser, inLarge, large, page, UPDATES);
    const b = await updates(browser, inSmall, small, page, UPDATES);
    const frames = p95(a.map(({ frameMs }) => frameMs));
    const all = p95(a.map(({ allMs }) => allMs));
    console.log(
      `  ${page.name}: p95 of an update's largest frame ${frames.toFixed(1)} ms, of all its work ${all.toFixed(1)} ms`,
    );
    if (frames > MOST_FRAME_MS)
      tooMuch.push(`${page.name}: p95 of ${frames.toFixed(1)} ms a frame; at most ${MOST_FRAME_MS}`);
    if (page.path === "/" && shown.aMs > MOST_FIRST_MS)
      tooMuch.push(`${page.name}: shown after ${Math.round(shown.aMs)} ms; at most ${MOST_FIRST_MS}`);
    results.push(
      shown,
      summary(
        `${page.name}, main-thread work of an update: ${sizes}`,
        a.map(({ allMs }, at) => ({ a: allMs, b: b[at]?.allMs ?? Number.NaN })),
      ),
    );
  }
  for (const one of tooMuch) console.log(`  ABOVE THE GOAL: ${one}`);
  return results;
}
