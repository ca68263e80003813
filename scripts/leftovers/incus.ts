import { existsSync } from "node:fs";
import { request } from "node:http";
import { processes } from "../proc.ts";

/**
 * What Incus has, everybody's and in every project: instances, disks, images, projects, pools, profiles, and the ports
 * of this host that it forwards. Nothing where there is no daemon; that there is one is listed too.
 */
const SOCKET = "/var/lib/incus/unix.socket";
const ASK_MS = 30_000;

const LISTS = {
  instance: "/1.0/instances?all-projects=true",
  image: "/1.0/images?all-projects=true",
  project: "/1.0/projects",
  pool: "/1.0/storage-pools",
  profile: "/1.0/profiles?all-projects=true",
  network: "/1.0/networks?all-projects=true",
} as const;

/** @throws Error where there is a daemon that does not tell */
export async function incusHoldings(): Promise<string[]> {
  if (!(await incusAnswers())) return [];
  const lists = await Promise.all(
    Object.entries(LISTS).map(async ([kind, path]) => (await urls(path)).map((url) => `${kind} ${url}`)),
  );
  const pools = await urls(LISTS.pool);
  const disks = await Promise.all(pools.map((pool) => urls(`${pool}/volumes?all-projects=true`)));
  return ["daemon", ...lists.flat(), ...disks.flat().map((url) => `disk ${url}`), ...forwarded()];
}

/** Its helpers, one for each port: forkproxy -- DAEMON FD tcp:127.0.0.1:PORT CONTAINER … */
function forwarded(): string[] {
  return processes()
    .map(({ command }) => / forkproxy -- \S+ \S+ (\S+)/.exec(command)?.[1])
    .filter((address) => address !== undefined)
    .map((address) => `forwards ${address}`);
}

/** No daemon listens there any more; this account may not ask one, and so it has nothing in it either. */
const NOT_OURS = new Set(["ECONNREFUSED", "EACCES"]);

/**
 * Whether there is a daemon that this account may ask. A socket that nobody listens on is what one leaves that has ended.
 * @throws Error where one is there and does not tell
 */
export async function incusAnswers(): Promise<boolean> {
  if (!existsSync(SOCKET)) return false;
  try {
    await ask("/1.0");
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && NOT_OURS.has(String(error.code))) return false;
    throw error;
  }
}

async function urls(path: string): Promise<string[]> {
  const { metadata } = JSON.parse(await ask(path)) as { metadata: string[] };
  return metadata;
}

function ask(path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { socketPath: SOCKET, path, agent: false, signal: AbortSignal.timeout(ASK_MS) };
    const sent = request(options, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        if (response.statusCode === 200) resolve(Buffer.concat(parts).toString());
        else reject(new Error(`Incus answered ${response.statusCode} to ${path}`));
      });
    });
    sent.on("error", reject);
    sent.end();
  });
}
