import { randomBytes } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import {
  deleteIncusProjects,
  incusProjectsIn,
  noteIncusProject,
} from "../../../scripts/leash/incusProjects.ts";
import { run } from "../../harness/program.ts";

/** A project of this part's own in the Incus of this host: the limits that it sets and the copies that it makes meet no other run. */
export type OwnProject = { name: string; image: string; nextImage: string; remove(): Promise<void> };

/** What scripts/install-incus.sh and scripts/build-image.sh make. */
const INSTALLED = "warmpool";
const IMAGE = "warmpool-debian";
/** The same image by another name: to a pool it is a new one. */
const NEXT_IMAGE = "warmpool-debian-next";

/** Makes it, with the profile and the image that a stack needs. */
export async function ownProject(folder: string): Promise<OwnProject> {
  const name = `wp-${randomBytes(4).toString("hex")}`;
  const there = ["--project", name];
  const [parts, file] = [join(folder, "image"), join(folder, "image", "image")];
  await noteIncusProject(folder, name);
  await incus("project", "create", name);
  await incus("profile", "create", INSTALLED, ...there);
  await mkdir(parts);
  await incus("image", "export", IMAGE, file, "--project", INSTALLED);
  await incus("image", "import", file, `${file}.root`, "--alias", IMAGE, "--alias", NEXT_IMAGE, ...there);
  await rm(parts, { recursive: true });
  return {
    name,
    image: IMAGE,
    nextImage: NEXT_IMAGE,
    remove: async () => deleteIncusProjects(await incusProjectsIn(folder)),
  };
}

async function incus(...args: string[]): Promise<void> {
  const ran = await run("incus", args, 180);
  if (ran.code !== 0) throw new Error(`incus ${args.join(" ")} ended with ${ran.code}: ${ran.stderr.trim()}`);
}
