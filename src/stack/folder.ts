import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { STACK_DRIVERS } from "../contract/drivers.ts";
import { makeKeyPair } from "../relay/ssh/hostKey.ts";
import { readJson, writePrivate, writePrivateJson } from "./files.ts";
import { INSTALLED } from "../relay/drivers/incus/place.ts";
import type { PartName } from "./record.ts";

/**
 * The state folder: everything that a stack keeps from one start to the next. Secrets are made once; each file that
 * holds one is readable by its owner alone, the folder itself can be passed (see unprivileged.ts).
 */
const memorySchema = z.strictObject({
  adminToken: z.string(),
  /** Seals secret parameters in the database of this folder. */
  secretKey: z.string().default(() => randomBytes(32).toString("base64")),
  /** Shown once by the edge when it was made; null before that. */
  appToken: z.string().nullable(),
  databasePort: z.int().nullable(),
  /** Pools that stopping the stack paused: the next start lets them go on. */
  pausedPools: z.array(z.string()),
  /** What makes the machines, from the first start on. */
  driver: z.enum(STACK_DRIVERS).default("local"),
  /** Where in Incus, if that is the driver; the image is the one of the first pool. */
  incus: z
    .strictObject({ project: z.string(), storagePool: z.string(), profile: z.string(), image: z.string() })
    .default(() => {
      const { project, storagePool, profile, image } = INSTALLED;
      return { project, storagePool, profile, image };
    }),
});
export type Memory = z.infer<typeof memorySchema>;
/** What makes the machines of a folder. */
export type Made = Pick<Memory, "driver" | "incus">;

export type StackFolder = {
  /** The real path. */
  path: string;
  postgres: string;
  /** Of the relay that the stack runs, and of nobody else: a node that is joined by hand has one of its own. */
  relay: string;
  /** Where its relay was kept up to version 0.1, which is where `relay join` keeps a node's by default. */
  formerRelay: string;
  machines: string;
  bundle: string;
  /** The edge's temporary files: a killed workerd host leaves them, the next start of the edge clears them. */
  scratch: string;
  localFile: string;
  partsFile: string;
  log(part: PartName): string;
  memory(): Memory;
  remember(change: Partial<Memory>): void;
  /** Public line of the key pair that opens root on the pool's machines; its private half is `admin_key`. */
  adminSshKey(): string;
};

/** In the state folder. */
const STACK_RELAY = "local-relay";
const MEMORY_FILE = "stack.json";

/** What makes the machines of that folder; null where nothing was kept in it yet. Makes nothing. */
export function madeBy(path: string): Made | null {
  const memory = readJson(join(path, MEMORY_FILE), memorySchema);
  return memory === null ? null : { driver: memory.driver, incus: memory.incus };
}

/** @param made what makes the machines of a folder that is new */
export function openFolder(path: string, made: Made): StackFolder {
  mkdirSync(path, { recursive: true });
  // Whatever the umask: Postgres, which may run as nobody, has to pass.
  chmodSync(path, 0o711);
  const root = realpathSync(path);
  const inside = (name: string) => join(root, name);
  mkdirSync(inside("logs"), { recursive: true, mode: 0o700 });
  const memoryFile = inside(MEMORY_FILE);
  const first = (): Memory => ({
    adminToken: `wp_admin_${randomBytes(32).toString("base64url")}`,
    secretKey: randomBytes(32).toString("base64"),
    appToken: null,
    databasePort: null,
    pausedPools: [],
    driver: made.driver,
    incus: made.incus,
  });
  const memory = readJson(memoryFile, memorySchema) ?? first();
  writePrivateJson(memoryFile, memory);
  return {
    path: root,
    postgres: inside("postgres"),
    relay: inside(STACK_RELAY),
    formerRelay: inside("relay"),
    machines: inside("machines"),
    bundle: inside("bundle"),
    scratch: inside("scratch"),
    localFile: inside("local.json"),
    partsFile: inside("parts.json"),
    log: (part) => inside(join("logs", `${part}.log`)),
    memory: () => memory,
    remember(change) {
      Object.assign(memory, change);
      writePrivateJson(memoryFile, memory);
    },
    adminSshKey: () => adminSshKey(inside("admin_key")),
  };
}

function adminSshKey(file: string): string {
  // The public half is written last: where it is, the private one is whole.
  if (!existsSync(`${file}.pub`)) {
    const { privateKey, publicKey } = makeKeyPair("warmpool-admin");
    writePrivate(file, privateKey);
    writeFileSync(`${file}.pub`, `${publicKey}\n`);
  }
  return readFileSync(`${file}.pub`, "utf8").trim();
}
