import { expect, test } from "vitest";
import { machineLines } from "../../../src/cli/views/machineView.ts";
import { aMachine } from "../../client/samples.ts";

const now = Date.parse("2026-11-24T10:00:00.000Z");

test("a ready machine: where it is, and nothing that is not so", () => {
  expect(machineLines(aMachine(), 80, now)).toEqual([
    "machine      wp-demo-7",
    "id           0192f0c1-0000-7000-8000-000000000007",
    "state        ready",
    "pool         demo",
    "node         local",
    "access       127.0.0.1:20007",
    "relay dials  127.0.0.1:20007",
    "host key     ssh-ed25519 SHA256:uFWVJ3yUqFDEYNCTmLtHq3bUmYAhbIgWhPRhKTEnwyY",
    "driver       local wp-demo-7",
    "made         59m 10s ago",
    "ready        59m ago",
    "you may      recreate, restart, hold, forget",
  ]);
});

test("a machine that never came up shows its phase, its last probe and what it left behind, cleaned", () => {
  const lines = machineLines(
    aMachine({
      state: "provisioning",
      phase: "booting",
      stale: true,
      lastProbe: { at: "2026-11-24T09:59:00.000Z", answer: "dead", cause: "connection refused" },
      evidence: { console: "login:\r\n\u001b[31mpanic\u001b[0m\n" },
    }),
    80,
    now,
  );
  expect(lines).toContain("state        provisioning (booting), stale");
  expect(lines).toContain("last probe   dead 1m ago: connection refused");
  expect(lines.slice(-3)).toEqual(["console:", "  login:", "  panic"]);
});
