import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { PANELS } from "../../scripts/docs/grafana.ts";
import { METRICS } from "../../src/domain/metrics/catalogue.ts";
import { hasPromtool, promtool } from "../helpers/promtool.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";

/** By name; of a histogram the series that it has. */
const LABELS = new Map(
  Object.entries(METRICS).flatMap(([name, { type, labels }]): [string, string[]][] =>
    type === "histogram" ? [[`${name}_bucket`, [...labels, "le"]]] : [[name, [...labels]]],
  ),
);

test.each(PANELS)("the panel `$title` asks for metrics and labels that there are", ({ queries }) => {
  for (const { expr, legend } of queries) {
    const [, name = "", matchers = ""] = /(warmpool_\w+)(?:\{([^}]*)\})?/.exec(expr) ?? [];
    const known = LABELS.get(name);
    if (known === undefined) throw new Error(`there is no metric ${name}`);
    const grouped = [...expr.matchAll(/by \(([\w, ]+)\)/g)].map(([, by = ""]) => by.split(", "));
    const matched = [...matchers.matchAll(/(\w+)[!=]/g)].map(([, label]) => label);
    expect(known, expr).toEqual(expect.arrayContaining([...grouped.flat(), ...matched]));
    // A legend can name only what the outermost sum leaves.
    const left = grouped[0] ?? known;
    for (const [, label = ""] of legend.matchAll(/\{\{(\w+)\}\}/g)) expect(left, expr).toContain(label);
  }
});

test.runIf(hasPromtool())("promtool takes every query", async () => {
  const rules = PANELS.flatMap(({ queries }) => queries).map(({ expr }, index) => ({
    record: `panel:${index}`,
    expr: expr.replaceAll("$pool", ".*").replaceAll("$__rate_interval", "5m"),
  }));
  await using folder = await temporaryFolder();
  const file = join(folder.path, "rules.yml");
  await writeFile(file, JSON.stringify({ groups: [{ name: "grafana", rules }] }));
  const checked = promtool(["check", "rules", file]);
  expect(checked).toContain(`${rules.length} rules found`);
});
