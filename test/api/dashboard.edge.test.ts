import { mkdir, symlink, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { dashboardFolder } from "../../src/dashboardFolder.ts";
import { testDb } from "../helpers/db.ts";
import { deadline } from "../helpers/patience.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { RUNTIMES, startEdge } from "./edges.ts";

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; require-trusted-types-for 'script'";
const SCRIPT = `console.log("${"dashboard ".repeat(200)}")`;

/** A built dashboard as far as serving it goes. */
async function built(path: string): Promise<string> {
  const folder = join(path, "dashboard");
  await mkdir(join(folder, "assets", ".hidden"), { recursive: true });
  await writeFile(join(path, "secret.txt"), "secret");
  await writeFile(join(folder, "index.html"), "<!doctype html><title>Warmpool</title>");
  await writeFile(join(folder, "icon.svg"), "<svg xmlns='http://www.w3.org/2000/svg'/>");
  await writeFile(join(folder, "assets", "main-0123.js"), SCRIPT);
  await writeFile(join(folder, "assets", ".hidden", "notes.js"), "secret");
  await symlink(join(path, "secret.txt"), join(folder, "assets", "link.txt"));
  return folder;
}

/** Sends the path as it is: `fetch` would tidy it up. */
async function raw(url: string, path: string): Promise<string> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.end(`GET ${path} HTTP/1.1\r\nHost: ${hostname}\r\nConnection: close\r\n\r\n`);
  let text = "";
  for await (const chunk of socket) text += String(chunk);
  return text;
}

describe.each(RUNTIMES)("the dashboard on %s", (runtime) => {
  test("pages are the same index.html with strict headers; assets are kept for good; the API stays JSON", async () => {
    await using t = await testDb();
    await using place = await temporaryFolder();
    const files = dashboardFolder(await built(place.path));
    await using edge = await startEdge(runtime, t.url, { files });
    const get = (path: string, headers: Record<string, string> = {}) =>
      fetch(`${edge.url}${path}`, { headers, signal: deadline(30) });

    for (const path of [
      "/",
      "/machines",
      "/machines/demo-1-0c44?tab=log",
      "/nodes/n1.example.com",
      `/t/${"x".repeat(43)}`,
    ]) {
      const page = await get(path);
      expect({ path, status: page.status, text: await page.text() }).toMatchObject({
        status: 200,
        text: expect.stringContaining("<title>Warmpool</title>"),
      });
      expect(Object.fromEntries(page.headers)).toMatchObject({
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": CSP,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "cache-control": "no-cache",
      });
    }
    const script = await get("/assets/main-0123.js");
    expect(await script.text()).toBe(SCRIPT);
    expect(Object.fromEntries(script.headers)).toMatchObject({
      "content-type": "text/javascript; charset=utf-8",
      "cache-control": "public, max-age=31536000, immutable",
      "x-content-type-options": "nosniff",
    });
    const again = await get("/assets/main-0123.js", { "if-none-match": script.headers.get("etag") ?? "" });
    expect(again.status).toBe(304);
    expect((await get("/icon.svg")).headers.get("content-type")).toBe("image/svg+xml");
    const head = await fetch(`${edge.url}/`, { method: "HEAD", signal: deadline(30) });
    expect({ status: head.status, text: await head.text() }).toEqual({ status: 200, text: "" });

    for (const path of [
      "/assets/gone.js",
      "/assets/link.txt",
      "/assets/.hidden/notes.js",
      "/gone.png",
      "/nonsense",
      "/metrics/x",
      "/admin/v2",
      "/healthz/x",
      "/session/x",
    ]) {
      const answer = await get(path);
      expect({ path, status: answer.status, type: answer.headers.get("content-type") }).toEqual({
        path,
        status: 404,
        type: "application/problem+json",
      });
    }
    expect((await get("/nonsense", { accept: "text/html,*/*" })).status).toBe(200);
    expect((await get("/admin/v1/pools", { accept: "text/html" })).status).toBe(401);
    expect((await fetch(`${edge.url}/`, { method: "POST", signal: deadline(30) })).status).toBe(404);
    for (const path of [
      "/../secret.txt",
      "/assets/../../secret.txt",
      "/assets/..%2f..%2fsecret.txt",
      "/assets/%2e%2e/%2e%2e/secret.txt",
      "//etc/passwd",
      "/assets/link.txt",
    ])
      expect(await raw(edge.url, path), path).not.toMatch(/\r\n\r\n(?:[\da-f]+\r\n)?(?:secret|root:)/);
  });

  test("not built → the pages say how to build it, and the rest works", async () => {
    await using t = await testDb();
    await using place = await temporaryFolder();
    const folder = join(place.path, "dashboard");
    await using edge = await startEdge(runtime, t.url, { files: dashboardFolder(folder) });
    const page = await fetch(`${edge.url}/`, { signal: deadline(30) });
    expect({ status: page.status, text: await page.text() }).toEqual({
      status: 404,
      text: expect.stringContaining("npm run build:dashboard"),
    });
    expect(page.headers.get("content-security-policy")).toBe(CSP);
    expect((await fetch(`${edge.url}/healthz`, { signal: deadline(30) })).status).not.toBe(404);
    // Once it is built, the next request finds it.
    await built(place.path);
    expect((await fetch(`${edge.url}/`, { signal: deadline(30) })).status).toBe(200);
  });
});
