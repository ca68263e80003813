import pc from "picocolors";
import { expect, test } from "vitest";
import { type Change, planLines } from "../../../src/cli/views/applyView.ts";

const layout = { columns: 80, colors: pc.createColors(false) };
const WIDE = `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${"x".repeat(43)} ann@laptop`;

test("what differs is shown whole, however long: the difference may be at its end", () => {
  const change: Change = {
    kind: "pool",
    name: "demo",
    action: "change",
    differences: [
      { path: "spec.adminKeys", before: `${WIDE}-old`, after: `${WIDE}-new` },
      { path: "spec.targetSize", before: 3, after: 4 },
    ],
    text: "",
    removesMachines: false,
  };
  const lines = planLines([change], layout);
  const shown = lines.join("\n");
  expect(shown).toContain("ann@laptop-old");
  expect(shown).toContain("ann@laptop-new");
  expect(shown).not.toContain("…");
  // What continues a line begins where its text begins; a word that is wider than the terminal stays whole.
  expect(lines.slice(0, 4)).toEqual([
    "~ pool demo",
    '  - spec.adminKeys: "ssh-ed25519',
    `    ${WIDE.split(" ")[1]}`,
    '    ann@laptop-old"',
  ]);
  expect(lines).toContain("  + spec.targetSize: 4");
});
