import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { programsOf } from "../../verify/accept/readme.ts";
import { createClient } from "../../src/client/index.ts";
import { freePort } from "../../src/stack/ports.ts";
import { ADMIN_TOKEN } from "../api/edges.ts";
import { startServerProcess } from "../api/process.ts";
import { testDb } from "../helpers/db.ts";
import { isNight } from "../helpers/nightly.ts";
import { deadline } from "../helpers/patience.ts";
import { KEY_A, makeWorld } from "../helpers/world.ts";
import { type ConsumerProject, consumerProject } from "./consumerProject.ts";
import { COMMON_JS_CONSUMER, CONSUMERS, WRONG_CONSUMER } from "./consumers.ts";
import { CLIENT_PACKAGES, graphOf } from "./graph.ts";
import { PLACES } from "./places.ts";
import { aPool } from "./samples.ts";
import { standIn } from "./standIn.ts";

/** The package as others get it: packed, installed into an empty project, compiled against and run. */
const run = promisify(execFile);
/** How projects resolve packages. `node10` is not among them: TypeScript 7 has dropped it. */
const RESOLUTIONS = [
  { module: "preserve", moduleResolution: "bundler" },
  { module: "node16", moduleResolution: "node16" },
  { module: "nodenext", moduleResolution: "nodenext" },
];

describe.runIf(isNight)("the packed package", () => {
  let project: ConsumerProject;
  beforeAll(async () => {
    project = await consumerProject();
    await project.write({ ...CONSUMERS, ...WRONG_CONSUMER, ...COMMON_JS_CONSUMER });
    // What is wrong with the package's types is for the tests below to find.
    await project.compile(Object.keys(CONSUMERS), { module: "nodenext", skipLibCheck: true });
  });
  afterAll(() => project?.[Symbol.asyncDispose]());

  /** Names of all packages that are there now. */
  function installed(): string[] {
    const files = readdirSync(join(project.path, "node_modules"), { recursive: true, encoding: "utf8" });
    const names = [...files]
      .map((path) => `/node_modules/${path}`.split("/node_modules/").at(-1) ?? "")
      .map((path) => /^((?:@[^/]+\/)?[^/@]+)\/package\.json$/.exec(path)?.[1]);
    return [...new Set(names)].filter((name) => name !== undefined);
  }

  test("package: installed by npm → no compiler and no tool of the developers comes with it", () => {
    expect(installed()).toEqual(expect.arrayContaining(["@trpc/client", "zod", "warmpool"]));
    const tools = /^(?:@?typescript|pg|react|vite|vitest|esbuild|wrangler)(?:\/|$)/;
    expect(installed().filter((name) => tools.test(name))).toEqual([]);
  });

  test("package: its SBOM and the dashboard's notices → every package that came with it", () => {
    const read = (path: string) =>
      readFileSync(join(project.path, "node_modules/warmpool/dist", path), "utf8");
    const sbom = JSON.parse(read("sbom.json")) as { components: { name: string }[] };
    const listed = new Set(sbom.components.map(({ name }) => name));
    const notices = read("dashboard/licences.md").matchAll(/^## (\S+) - /gm);
    const inDashboard = [...notices].map(([, name = ""]) => name);
    expect(inDashboard).toEqual(expect.arrayContaining(["react", "uplot"]));
    const there = [...installed().filter((name) => name !== "warmpool"), ...inDashboard];
    expect(there.filter((name) => !listed.has(name))).toEqual([]);
  });

  test.each(RESOLUTIONS)(
    "package: types with $moduleResolution → no errors, and nothing of the server",
    async (how) => {
      const read = await project.compile(Object.keys(CONSUMERS), { ...how, noEmit: true, listFiles: true });
      const own = read.split("\n").filter((file) => /\/warmpool\/(?!node_modules\/)/.test(file));
      expect(own.length).toBeGreaterThan(0);
      expect(own.filter((file) => !/\/dist\/(client|contract)\/.+\.d\.ts$/.test(file))).toEqual([]);
    },
  );

  test("docs/client.md: its programs in a project → they compile", async () => {
    const page = readFileSync(new URL("../../docs/client.md", import.meta.url), "utf8");
    const globals = "declare const process: { env: Record<string, string | undefined> };\n";
    const programs = programsOf(page).map((text, n) => [`page${n}.ts`, text + globals] as const);
    expect(programs.length).toBeGreaterThan(2);
    await project.write(Object.fromEntries(programs));
    const names = programs.map(([name]) => name);
    expect(await project.compile(names, { module: "nodenext", noEmit: true })).toBe("");
  });

  test("package: three mistakes of a caller → the types name these three", async () => {
    const failed = project.compile(Object.keys(WRONG_CONSUMER), { module: "nodenext", noEmit: true });
    const printed = await failed.catch((error: { stdout: string }) => error.stdout);
    expect(printed.match(/wrong\.ts\(\d+/g)).toEqual(["wrong.ts(3", "wrong.ts(4", "wrong.ts(5"]);
  });

  test("package: required from CommonJS → it compiles and runs", async () => {
    await project.compile(Object.keys(COMMON_JS_CONSUMER), { module: "nodenext" });
    const { stdout } = await run(process.execPath, [join(project.path, "common.cjs")], {
      signal: deadline(30),
    });
    expect(stdout).toBe("unreachable: null\n");
  });

  test("package: everything that the client loads → its own files and four packages, and no module of Node", async () => {
    const root = join(project.path, "node_modules/warmpool");
    const { own, packages, missing } = await graphOf(join(root, "dist/client/index.js"), root);
    expect(own).toEqual(["dist/client/index.js", "dist/client/transport.js"]);
    expect(packages).toEqual(CLIENT_PACKAGES);
    expect(missing).toEqual([]);
  });

  test.each(Object.entries(PLACES))(
    "package in %s: assign, then watch over a restart of the server → every state, and the code of a refusal",
    async (_, runThere) => {
      await using t = await testDb();
      await makeWorld(t.db);
      const port = String(await freePort());
      let server = await startServerProcess(t.url, { PORT: port });
      const { url } = server;
      const admin = createClient({ url, token: ADMIN_TOKEN, timeoutSeconds: 300 });
      const said: string[] = [];
      let restarting: Promise<unknown> = Promise.resolve();
      async function restart(): Promise<void> {
        await server[Symbol.asyncDispose]();
        server = await startServerProcess(t.url, { PORT: port });
        await admin.tester.release.mutate({ username: "alice" });
      }
      try {
        await runThere(project, { url, token: ADMIN_TOKEN, username: "alice", sshKey: KEY_A }, (line) => {
          said.push(line);
          if (line === "watched: waiting") restarting = restart();
        });
        await restarting;
      } finally {
        await Promise.allSettled([restarting]);
        await server[Symbol.asyncDispose]();
      }
      expect(said).toEqual([
        "assigned: waiting",
        "watched: waiting",
        "watched: released",
        "refused: NOT_FOUND NOT_FOUND",
      ]);
    },
  );

  test("package: its command line → prints what the server answers", async () => {
    await using server = await standIn({ pools: () => [aPool()] });
    const bin = join(project.path, "node_modules/.bin/warmpool");
    const status = ["status", "--json", "--url", server.url, "--token", "t"];
    const { stdout } = await run(process.execPath, [bin, ...status], { signal: deadline(30) });
    expect(JSON.parse(stdout)).toEqual([aPool()]);
  });
});
