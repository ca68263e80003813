import { createHash, randomUUID } from "node:crypto";
import { access, chmod, mkdir, open, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import * as z from "zod";
import { DriverError } from "../../driver.ts";
import type { CreateRequest } from "../../driver.ts";
import { isErrno } from "./errno.ts";
import type { Owner } from "./mark.ts";
import { removeTree } from "./removal.ts";

/**
 * A machine's folder: `machine.json` (the ownership mark), `keys`, `console.log` and its file systems. Invariant: a
 * folder under the root has its mark from its first moment to its last. It is filled in the owner's *limbo* folder and
 * renamed into place, and on its way out renamed back there before anything in it is removed. So whatever a crash
 * leaves behind stands in the root with its mark or in limbo, is listed either way, and can be deleted.
 */
const machineRecord = z.strictObject({
  installation: z.string().min(1),
  node: z.string().min(1),
  name: z.string().min(1),
  sshPort: z.int().min(1).max(65_535),
  httpPort: z.int().min(1).max(65_535),
  createdAt: z.iso.datetime(),
});
type MachineRecord = z.infer<typeof machineRecord>;

/** `placed`: whole, can be started. `limbo`: half-made or half-deleted, can only be deleted. */
export type MachineFolder = {
  path: string;
  /** What it is called: its own name in the root. A folder that a person copied or renamed has another's in its record. */
  name: string;
  record: MachineRecord;
  where: "placed" | "limbo";
};
export type Place = { root: string; owner: Owner };

const RECORD = "machine.json";

/** Where the owner's folders are made and removed. */
function limbo({ root, owner }: Place): string {
  const id = createHash("sha256").update(`${owner.installation}\0${owner.node}`).digest("hex").slice(0, 12);
  return join(root, `.limbo-${id}`);
}

/** A root that has gone away, as with an unmounted disk, must not look like one without machines. */
async function assertRoot({ root }: Place): Promise<void> {
  await access(root).catch((cause: unknown) => {
    throw new DriverError(
      "retry",
      `The machines' folder ${root} is not accessible, so their state is unknown: was its disk unmounted, or the ` +
        `folder moved?`,
      { cause },
    );
  });
}

async function ensureLimbo(place: Place): Promise<void> {
  await assertRoot(place);
  await mkdir(limbo(place), { mode: 0o700 }).catch((error: unknown) => {
    if (!isErrno(error, "EEXIST")) throw error;
  });
}

/**
 * Makes the folder of a new machine, whole or not at all.
 * @throws DriverError `exists`, or `failed` where the name is taken by something that is not ours.
 */
export async function makeFolder(place: Place, request: CreateRequest): Promise<MachineFolder> {
  const record: MachineRecord = {
    ...place.owner,
    name: request.mark?.machine ?? request.name,
    sshPort: request.port,
    httpPort: request.httpPort,
    createdAt: new Date().toISOString(),
  };
  const staged = join(limbo(place), `${request.name}~${randomUUID()}`);
  const path = join(place.root, request.name);
  await ensureLimbo(place);
  await mkdir(staged, { mode: 0o700 });
  await writeDurably(join(staged, RECORD), JSON.stringify(record, null, 2));
  for (const name of ["upper", "work", "merged", "home"]) {
    await mkdir(join(staged, name));
    // The umask takes nothing off: these are the machine's / and /home, which its accounts have to pass.
    await chmod(join(staged, name), 0o755);
  }
  for (const name of ["keys", "root", "root/.ssh", "state"]) await mkdir(join(staged, name), { mode: 0o700 });
  await writeFile(join(staged, "keys/host_key"), request.hostKey.privateKey, { mode: 0o600 });
  const keys = request.authorizedKeys.map((key) => `${key.trim()}\n`).join("");
  await writeFile(join(staged, "root/.ssh/authorized_keys"), keys, { mode: 0o600 });
  await writeFile(join(staged, "console.log"), "", { mode: 0o600 });
  try {
    await rename(staged, path);
  } catch (error) {
    await rm(staged, { recursive: true, force: true });
    if (!isErrno(error, "ENOTEMPTY", "EEXIST", "ENOTDIR")) throw error;
    if ((await readFolder(place, request.name)) !== null) {
      throw new DriverError("exists", `A machine ${request.name} already exists, in ${path}`);
    }
    throw new DriverError(
      "failed",
      `${path} contains something without this installation's mark, so it is not touched: ` +
        `move it away, or give this node its own folder.`,
    );
  }
  return { path, name: request.name, record, where: "placed" };
}

/** The folder of that machine, whole, half-made or half-deleted; null where there is none of ours. */
export async function readFolder(place: Place, name: string): Promise<MachineFolder | null> {
  await assertRoot(place);
  const placed = await readMachine(place, join(place.root, name), "placed");
  if (placed !== null) return placed;
  const waiting = await listLimbo(place);
  return waiting.find((folder) => folder.name === name) ?? null;
}

/**
 * Every folder of ours, one a machine.
 * @throws where the root or a mark in it cannot be read: then nothing is known about what is absent.
 */
export async function listFolders(place: Place): Promise<MachineFolder[]> {
  await assertRoot(place);
  const entries = await readdir(place.root, { withFileTypes: true });
  const folders = new Map<string, MachineFolder>();
  for (const folder of await listLimbo(place)) folders.set(folder.name, folder);
  for (const entry of entries) {
    if (!entry.isDirectory() || entry.name.startsWith(".")) continue;
    const folder = await readMachine(place, join(place.root, entry.name), "placed");
    if (folder !== null) folders.set(folder.name, folder);
  }
  return [...folders.values()];
}

/** Removes all there is of that machine on disk; may be interrupted at any line and repeated. */
export async function removeFolder(place: Place, name: string, signal: AbortSignal): Promise<void> {
  const path = join(place.root, name);
  if ((await readMachine(place, path, "placed")) !== null) {
    await ensureLimbo(place);
    await rename(path, join(limbo(place), `${name}~${randomUUID()}`)).catch((error: unknown) => {
      // Another relay, or an earlier call, is removing it too.
      if (!isErrno(error, "ENOENT")) throw error;
    });
  }
  for (const entry of await readLimbo(place)) {
    if (entry.slice(0, entry.lastIndexOf("~")) !== name) continue;
    await removeTree(join(limbo(place), entry), { last: RECORD, signal });
  }
}

/** An entry without a record holds nothing yet, or nothing any more: it is no machine. */
async function listLimbo(place: Place): Promise<MachineFolder[]> {
  const folders: MachineFolder[] = [];
  for (const entry of await readLimbo(place)) {
    const folder = await readMachine(place, join(limbo(place), entry), "limbo");
    if (folder !== null) folders.push(folder);
  }
  return folders;
}

async function readLimbo(place: Place): Promise<string[]> {
  try {
    return await readdir(limbo(place));
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
}

async function readMachine(
  { owner }: Place,
  path: string,
  where: MachineFolder["where"],
): Promise<MachineFolder | null> {
  let text: string;
  try {
    text = await readFile(join(path, RECORD), "utf8");
  } catch (error) {
    if (isErrno(error, "ENOENT", "ENOTDIR")) return null;
    throw error;
  }
  const record = parseRecord(text, path);
  const ours = record.installation === owner.installation && record.node === owner.node;
  const entry = basename(path);
  const name = where === "placed" ? entry : entry.slice(0, entry.lastIndexOf("~"));
  return ours ? { path, name, record, where } : null;
}

function parseRecord(text: string, path: string): MachineRecord {
  try {
    return machineRecord.parse(JSON.parse(text));
  } catch (cause) {
    throw new DriverError(
      "failed",
      `${join(path, RECORD)} is corrupt, so the owner of that machine and the listing are uncertain: ` +
        `look at the folder, then move it away.`,
      { cause },
    );
  }
}

/**
 * There whole or not at all: a mark that is half written when somebody lists, or when its relay is killed, would make
 * every listing of the node worthless. It must not be lost to a power cut that comes after the rename either.
 */
async function writeDurably(path: string, text: string): Promise<void> {
  const staged = `${path}.new`;
  const file = await open(staged, "wx", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(staged, path);
}
