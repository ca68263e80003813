import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { extname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { DashboardFiles } from "./api/dashboard.ts";

/**
 * The built dashboard from its folder, kept in memory: only what was found there under a name can be asked for, so no
 * path leads elsewhere. It is read again when its index.html has changed.
 */
const FOLDER = fileURLToPath(new URL("../dist/dashboard", import.meta.url));

/** Far above what the dashboard is; what is larger is not of it. */
const MAX_FILE_BYTES = 8 * 1024 * 1024;
const MAX_FILES = 1000;

const TYPES = new Map(
  Object.entries({
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
  }),
);
const SHRINKS = /^(?:text\/|application\/(?:json|manifest)|image\/svg)/;

type Kept = {
  type: string;
  etag: string;
  body: Uint8Array<ArrayBuffer>;
  zipped: Uint8Array<ArrayBuffer> | null;
};

/** @param folder where `index.html` is, or will be */
export function dashboardFolder(folder: string = FOLDER): DashboardFiles {
  let files = new Map<string, Kept>();
  let version = "";
  const current = async () => {
    const found = await stat(join(folder, "index.html")).catch(() => null);
    const now = found === null ? "" : `${found.mtimeMs} ${found.size} ${found.ino}`;
    if (now === version) return files;
    files = now === "" ? new Map<string, Kept>() : await readAll(folder);
    version = now;
    return files;
  };
  return {
    async get(path, request) {
      const file = (await current()).get(path);
      if (file === undefined) return null;
      const headers = { "content-type": file.type, etag: file.etag, vary: "accept-encoding" };
      if (request.headers.get("if-none-match") === file.etag)
        return new Response(null, { status: 304, headers });
      const takesZipped = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
      return file.zipped !== null && takesZipped
        ? new Response(file.zipped, { headers: { ...headers, "content-encoding": "gzip" } })
        : new Response(file.body, { headers });
    },
  };
}

async function readAll(folder: string): Promise<Map<string, Kept>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  // A link may lead out of the folder; hidden files are notes of the build.
  const paths = entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (path) =>
        !relative(folder, path)
          .split(sep)
          .some((part) => part.startsWith(".")),
    );
  const kept = new Map<string, Kept>();
  for (const path of paths.slice(0, MAX_FILES)) {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) continue;
    kept.set(`/${relative(folder, path).split(sep).join("/")}`, await keep(path));
  }
  return kept;
}

async function keep(path: string): Promise<Kept> {
  const body = new Uint8Array(await readFile(path));
  const type = TYPES.get(extname(path)) ?? "application/octet-stream";
  const zipped = SHRINKS.test(type) ? new Uint8Array(await promisify(gzip)(body, { level: 9 })) : null;
  return { type, etag: `"${createHash("sha256").update(body).digest("hex").slice(0, 32)}"`, body, zipped };
}
