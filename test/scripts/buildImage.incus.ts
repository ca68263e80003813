import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { deadline } from "../helpers/patience.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";

/** build-image.sh where its image is there already, as the set-up of these tests has made sure. */
const run = promisify(execFile);

test("build-image: an image that an ended run left without an alias is removed, and nobody else's", async () => {
  const ours = await imported({ "warmpool.content": "0123456789abcdef" });
  const theirs = await imported({ os: "Debian" });
  try {
    const { stdout } = await run("sh", [script("build-image.sh")], { signal: deadline(120) });
    expect(stdout).toContain(`Removed the image ${ours.slice(0, 12)}, which had no alias any more`);
    expect(stdout).toContain("The image warmpool-debian is there with this content");
    const left = await incus("image", "list", "--format", "csv", "--columns", "F");
    expect(left).not.toContain(ours);
    expect(left).toContain(theirs);
  } finally {
    await incus("image", "delete", theirs);
    await incus("image", "delete", ours).catch(() => undefined);
  }
});

/** @returns its fingerprint */
async function imported(properties: Record<string, string>): Promise<string> {
  await using folder = await temporaryFolder();
  const at = (name: string) => join(folder.path, name);
  await mkdir(at("rootfs"));
  const metadata = { architecture: "x86_64", creation_date: 1, properties };
  await writeFile(at("metadata.yaml"), JSON.stringify(metadata));
  await run("tar", ["-C", folder.path, "-cf", at("image.tar"), "metadata.yaml", "rootfs"]);
  await incus("image", "import", at("image.tar"));
  const { stdout } = await run("sha256sum", [at("image.tar")]);
  return stdout.slice(0, 64);
}

async function incus(...args: string[]): Promise<string> {
  const ran = run("incus", ["--project", "warmpool", ...args], { signal: deadline(60) });
  // The client would take what comes on standard input for configuration.
  ran.child.stdin?.end();
  return (await ran).stdout;
}

function script(name: string): string {
  return fileURLToPath(new URL(`../../scripts/${name}`, import.meta.url));
}
