import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

/** Fails where the migrations do not make the schema, or a generated document is not what the code says. */
const folder = mkdtempSync(join(tmpdir(), "warmpool-drift-"));
try {
  cpSync("drizzle", folder, { recursive: true });
  // drizzle-kit takes a relative folder only, and exits 0 whatever happens: what it says is what counts.
  const schema = [
    "--dialect",
    "postgresql",
    "--schema",
    "./src/db/tables/*.ts",
    "--out",
    relative(".", folder),
  ];
  // What it compiles the schema into goes where the rest goes.
  const env = { ...process.env, TMPDIR: folder };
  const said = execFileSync("drizzle-kit", ["generate", ...schema], {
    encoding: "utf8",
    timeout: 60_000,
    env,
  });
  if (!said.includes("No schema changes")) {
    console.error(
      `the migrations do not produce the schema; run npm run generate and commit the result\n${said}`,
    );
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
try {
  execFileSync(process.execPath, ["scripts/docs.ts", "--check"], { stdio: "inherit", timeout: 60_000 });
} catch {
  process.exitCode = 1;
}
