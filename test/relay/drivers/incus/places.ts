import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { INSTALLED } from "../../../../src/relay/drivers/incus/place.ts";
import { deadline } from "../../../helpers/patience.ts";

/** Small storage pools and projects of a test's own, made as a person makes them. */

export type Named = AsyncDisposable & { name: string };

/** The Incus client. Without the closed input it would wait there for configuration. */
export async function incus(...args: string[]): Promise<void> {
  await command("incus", ...args);
}

/** A program that answers within a minute or is killed. */
export async function command(program: string, ...args: string[]): Promise<void> {
  const running = promisify(execFile)(program, args, { signal: deadline(60) });
  running.child.stdin?.end();
  await running;
}

/** `wp-` and eight hex digits: what the leftovers of tests are known by. */
export function shortName(): string {
  return `wp-${randomBytes(4).toString("hex")}`;
}

/** A storage pool of a loop file of that size. */
export async function storagePool(size: string): Promise<Named> {
  const name = shortName();
  await incus("storage", "create", name, "btrfs", `size=${size}`);
  return { name, [Symbol.asyncDispose]: () => incus("storage", "delete", name) };
}

/** A storage pool of plain folders on a file system of its own, which really has no more than that. */
export async function folderPool(mib: number): Promise<Named & { mountpoint: string }> {
  const name = shortName();
  const folder = mkdtempSync(join(tmpdir(), "warmpool-folders-"));
  const [file, mountpoint] = [join(folder, "disk"), join(folder, "mounted")];
  await command("truncate", "--size", `${mib}M`, file);
  await command("mkfs.ext4", "-q", "-m", "0", file);
  await command("mkdir", mountpoint, join(folder, "nothing"));
  await command("mount", "-o", "loop", file, mountpoint);
  await command("rmdir", join(mountpoint, "lost+found"));
  await incus("storage", "create", name, "dir", `source=${mountpoint}`);
  return {
    name,
    mountpoint,
    async [Symbol.asyncDispose]() {
      await incus("storage", "delete", name);
      await command("umount", mountpoint);
      rmSync(folder, { recursive: true });
    },
  };
}

/** A project with these limits (`limits.instances=1`), and with a profile and the image of its own. */
export async function smallProject(...limits: string[]): Promise<Named> {
  const name = shortName();
  const folder = mkdtempSync(join(tmpdir(), "warmpool-image-"));
  const image = join(folder, "image");
  const there = ["--project", name];
  try {
    await incus("project", "create", name, ...limits.flatMap((limit) => ["-c", limit]));
    await incus("profile", "create", INSTALLED.profile, ...there);
    await incus("image", "export", INSTALLED.image, image, "--project", INSTALLED.project);
    await incus("image", "import", image, `${image}.root`, "--alias", INSTALLED.image, ...there);
  } finally {
    rmSync(folder, { recursive: true });
  }
  return {
    name,
    async [Symbol.asyncDispose]() {
      await incus("image", "delete", INSTALLED.image, ...there);
      await incus("profile", "delete", INSTALLED.profile, ...there);
      await incus("project", "delete", name);
    },
  };
}
