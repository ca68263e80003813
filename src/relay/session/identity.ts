import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import ssh2 from "ssh2";
import * as z from "zod";
import { RelayError } from "../errors.ts";
import { makeKeyPair, type SshKeyPair } from "../ssh/hostKey.ts";

/**
 * All that a relay keeps, as files of its own folder: who it is (`relay.json`), its SSH key (`id_ed25519`), and the
 * highest machine number it has seen (`highest-machine`); `process` is of former.ts. Everything else is in the database. Files appear whole or
 * not at all.
 */
const identity = z.object({
  url: z.url(),
  node: z.string(),
  credential: z.string(),
  installation: z.string(),
});
export type Identity = z.infer<typeof identity>;

const IDENTITY = "relay.json";
const KEY = "id_ed25519";
const HIGHEST = "highest-machine";

export async function saveIdentity(dir: string, who: Identity): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await writeWhole(join(dir, IDENTITY), `${JSON.stringify(who, null, 2)}\n`);
}

/** @throws RelayError where this folder never joined, or holds something else. */
export async function loadIdentity(dir: string): Promise<Identity> {
  const path = join(dir, IDENTITY);
  const text = await readOr(path, null);
  if (text === null) {
    throw new RelayError(
      `${path} does not exist: this node has not joined. \`npx warmpool node enroll NAME\`, where the admin is, prints how.`,
    );
  }
  try {
    return identity.parse(JSON.parse(text));
  } catch (error) {
    throw new RelayError(`${path} is corrupt. Delete it and join again with a new join token.`, {
      cause: error,
    });
  }
}

/** As `loadIdentity`; null where there is none that can be read. */
export async function identityIn(dir: string): Promise<Identity | null> {
  return loadIdentity(dir).catch(() => null);
}

/**
 * Refuses a folder that is a node's already: another identity in its place would end that node's relay, and its
 * machines with it.
 * @throws RelayError that names the node and says what to do
 */
export async function assertUnjoined(dir: string): Promise<void> {
  const path = join(dir, IDENTITY);
  if ((await readOr(path, null)) === null) return;
  const who = await identityIn(dir);
  const owner = who === null ? "a node that did not finish joining" : `node ${who.node} of ${who.url}`;
  throw new RelayError(
    `${path} is the identity of ${owner}. Give this node its own folder with --dir, here and in "relay run", ` +
      "or replace that identity with --replace.",
  );
}

/** The relay's own key, made at the first start. The private half never leaves this folder. */
export async function loadOrMakeKey(dir: string, node: string): Promise<SshKeyPair> {
  const path = join(dir, KEY);
  const text = await readOr(path, null);
  if (text === null) {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const pair = makeKeyPair(`warmpool-relay@${node}`);
    await writeWhole(path, pair.privateKey);
    return pair;
  }
  const parsed = ssh2.utils.parseKey(text);
  if (parsed instanceof Error) {
    throw new RelayError(
      `${path} is not an SSH private key. Restore it: without it the relay cannot log in to any machine of this node.`,
      {
        cause: parsed,
      },
    );
  }
  return {
    privateKey: text,
    publicKey: `${parsed.type} ${parsed.getPublicSSH().toString("base64")} ${parsed.comment}`,
  };
}

/** Remembers the highest machine number ever seen, so that an edge restored from an old backup is noticed. */
export class HighestNumber {
  readonly #path: string;
  #value: number;
  #written: number;
  #keeping: Promise<void> = Promise.resolve();

  private constructor(path: string, value: number) {
    this.#path = path;
    this.#value = value;
    this.#written = value;
  }

  static async load(dir: string): Promise<HighestNumber> {
    const path = join(dir, HIGHEST);
    const value = Number(await readOr(path, "0"));
    return new HighestNumber(path, Number.isSafeInteger(value) && value > 0 ? value : 0);
  }

  /** Forgets it where this folder is about to be somebody else's: numbers of another installation say nothing. */
  static async startOver(dir: string, next: Pick<Identity, "node" | "installation">): Promise<void> {
    const before = await identityIn(dir);
    if (before === null || (before.node === next.node && before.installation === next.installation)) return;
    await rm(join(dir, HIGHEST), { force: true });
  }

  get value(): number {
    return this.#value;
  }

  /** From this moment on `value` has it; whether it is kept is for `saw`. */
  heard(number: number): void {
    this.#value = Math.max(this.#value, number);
  }

  /** Kept when this returns: before anything of that number exists. */
  async saw(number: number): Promise<void> {
    this.heard(number);
    if (number <= this.#written) return;
    // One after the other, each the highest by then: of two creates at once the lower must not be kept last.
    this.#keeping = this.#keeping
      .catch(() => undefined)
      .then(() => writeWhole(this.#path, `${this.#value}\n`));
    await this.#keeping;
    this.#written = Math.max(this.#written, number);
  }
}

/** The file's text, or `missing` where there is none. */
export async function readOr<Missing>(path: string, missing: Missing): Promise<string | Missing> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return missing;
    throw error;
  }
}

let written = 0;

/** Replaces the file by one that is there whole or not at all, also after a power cut. */
export async function writeWhole(path: string, text: string): Promise<void> {
  written += 1;
  const temporary = `${path}.${process.pid}.${written}`;
  const file = await open(temporary, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}
