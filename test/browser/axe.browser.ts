import axe from "axe-core";
import { expect, test } from "vitest";
import { listMachines } from "../../verify/harness/pools.ts";
import { z } from "zod";
import { admin, openSignedIn, stack } from "./chromium.ts";

const assigned = z.looseObject({
  assignment: z.looseObject({ id: z.string() }),
  page: z.looseObject({ url: z.string() }),
});

/** No page has anything that axe calls serious or critical, in light and in dark. */
const PAGES = [
  "/",
  "/machines",
  "/machines?view=list",
  "/testers",
  "/pools/demo",
  "/pools/new",
  "/capacity",
  "/nodes",
  "/events",
  "/settings",
];

test.each(["light", "dark"] as const)("axe: every page in %s → nothing serious", async (colorScheme) => {
  const { page, wrongs, close } = await openSignedIn("/", { colorScheme });
  const [machine] = await listMachines(admin(), "demo");
  const tester = { username: `axe_${colorScheme}` };
  const { assignment, page: own } = await admin().mutate(
    "tester.assign",
    { ...tester, sshKeys: [], page: true },
    assigned,
  );
  const ofSome = [`/machines/${machine?.name}`, `/testers/${assignment.id}`, new URL(own.url).pathname];
  const found: string[] = [];
  for (const path of [...PAGES, ...ofSome, `/t/${"A".repeat(43)}`]) {
    await page.goto(`${stack().url}${path}`);
    await page.getByRole("heading", { level: 1 }).waitFor();
    await page.getByText("Loading…").first().waitFor({ state: "detached" });
    await page.evaluate(axe.source);
    const { violations } = await page.evaluate(() =>
      (globalThis as unknown as { axe: typeof axe }).axe.run(document, { resultTypes: ["violations"] }),
    );
    for (const { id, impact, nodes } of violations)
      if (impact === "serious" || impact === "critical")
        found.push(
          `${path}: ${id}: ${nodes
            .slice(0, 3)
            .map(({ html, failureSummary }) => `${html} ${failureSummary}`)
            .join("; ")}`,
        );
  }
  await admin().mutate("tester.release", tester, z.unknown());
  expect(found).toEqual([]);
  expect(wrongs).toEqual([]);
  await close();
});

test("sizes: 200 % zoom and a phone → no page is wider than the window", async () => {
  const { page, close } = await openSignedIn("/");
  const wide: string[] = [];
  for (const [width, height] of [
    [640, 400],
    [390, 844],
  ] as const) {
    await page.setViewportSize({ width, height });
    for (const path of PAGES) {
      await page.goto(`${stack().url}${path}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.getByText("Loading…").first().waitFor({ state: "detached" });
      const over = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      if (over > 0) wide.push(`${path} at ${width}: ${over} px`);
    }
  }
  expect(wide).toEqual([]);
  await close();
});
