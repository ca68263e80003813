import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { git } from "../../scripts/change/git.ts";

const run = promisify(execFile);

/** Makes the folder a copy of what git knows and of what it does not ignore, with the packages of this checkout. */
export async function copyCheckout(root: string, folder: string): Promise<void> {
  await mkdir(folder);
  const paths = await git("ls-files", "-z", "--cached", "--others", "--exclude-standard");
  // A link in the place of the packages is no folder, and so git does not ignore it.
  const files = paths.filter((path) => path !== "node_modules" && existsSync(join(root, path)));
  await run("cp", ["--parents", "--preserve=mode", "--target-directory", folder, "--", ...files], {
    cwd: root,
  });
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
}

/**
 * Runs something while the patch is applied to the folder.
 * @throws Error with git's own words if it does not apply, or cannot be taken back
 */
export async function whilePatched<T>(folder: string, patch: string, look: () => Promise<T>): Promise<T> {
  // From the top: git would look for a repository around the folder, and apply nothing if it found one.
  const apply = (...how: string[]) =>
    run("git", ["apply", ...how, "--unsafe-paths", "--directory", folder, patch], { cwd: "/" });
  await apply();
  try {
    return await look();
  } finally {
    await apply("--reverse");
  }
}
