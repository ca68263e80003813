import { execFileSync } from "node:child_process";

/** Runs promtool and gives what it prints. @throws Error where it finds fault. */
export function promtool(args: readonly string[], input = ""): string {
  return execFileSync("promtool", args, { encoding: "utf8", input, timeout: 600_000 });
}

/** It comes with Prometheus; scripts/get-promtool.sh gets it alone. CI has it, a developer's machine need not. */
export function hasPromtool(): boolean {
  try {
    promtool(["--version"]);
    return true;
  } catch {
    return false;
  }
}
