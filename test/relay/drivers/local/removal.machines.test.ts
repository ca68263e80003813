import { execFile } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { removeTree } from "../../../../src/relay/drivers/local/removal.ts";
import { deadline } from "../../../helpers/patience.ts";

const run = promisify(execFile);
const soon = () => deadline(30);
let above: string;
let folder: string;

beforeEach(() => {
  above = mkdtempSync(join(tmpdir(), "warmpool-removal-"));
  folder = join(above, "machine");
  mkdirSync(join(folder, "work/work"), { recursive: true });
  writeFileSync(join(folder, "machine.json"), "{}");
});

afterEach(() => rmSync(above, { recursive: true }));

describe("removing a machine's folder", () => {
  test("takes what overlay and package caches leave unreadable or read-only", async () => {
    mkdirSync(join(folder, "home/cache"), { recursive: true });
    writeFileSync(join(folder, "home/cache/file"), "");
    chmodSync(join(folder, "home/cache"), 0o555);
    chmodSync(join(folder, "work/work"), 0o000);
    await removeTree(folder, { last: "machine.json", signal: soon() });
    expect(existsSync(folder)).toBe(false);
  });

  test("follows no link out of it", async () => {
    const outside = join(above, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "kept"), "");
    symlinkSync(outside, join(folder, "home"));
    symlinkSync(join(outside, "kept"), join(folder, "file"));
    await removeTree(folder, { last: "machine.json", signal: soon() });
    expect(existsSync(folder)).toBe(false);
    expect(existsSync(join(outside, "kept"))).toBe(true);
  });

  test("that is not there is no error", async () => {
    rmSync(folder, { recursive: true });
    await removeTree(folder, { last: "machine.json", signal: soon() });
    expect(existsSync(folder)).toBe(false);
  });

  test("leaves it alone when it is no longer wanted", async () => {
    const late = AbortSignal.abort(new Error("no longer wanted"));
    await expect(removeTree(folder, { last: "machine.json", signal: late })).rejects.toThrow(
      "no longer wanted",
    );
    expect(existsSync(join(folder, "machine.json"))).toBe(true);
  });

  test.runIf(process.geteuid?.() === 0)("refuses while the host has something mounted in it", async () => {
    const inside = join(folder, "a mount");
    mkdirSync(inside);
    const module = fileURLToPath(new URL("../../../../src/relay/drivers/local/removal.ts", import.meta.url));
    const program = `
      import { removeTree } from ${JSON.stringify(module)};
      const options = { last: "machine.json", signal: AbortSignal.timeout(60_000) };
      await removeTree(${JSON.stringify(folder)}, options).catch((error) => console.log(error.message));`;
    // In a mount namespace that ends with the program, so that no mount is ever left on this host.
    const script = 'mount -t tmpfs tmp "$1" && shift && exec "$@"';
    const { stdout } = await run(
      "unshare",
      ["--mount", "sh", "-c", script, "sh", inside, process.execPath, "--input-type=module", "-e", program],
      { signal: soon() },
    );
    expect(stdout).toContain(`${inside} is mounted inside a machine's folder`);
    expect(existsSync(join(folder, "machine.json"))).toBe(true);
  });
});
