import { spawn } from "node:child_process";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request, type RequestOptions } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createClient } from "../../src/client/index.ts";
import { localDriver } from "../../src/relay/drivers/local/driver.ts";
import { loadIdentity } from "../../src/relay/session/identity.ts";
import { freePort } from "../../src/stack/ports.ts";
import { LAUNCHER, warmpoolProcess } from "../cli/process.ts";
import { testDb } from "../helpers/db.ts";
import { FRONT_PROXIES, type FrontProxy, isInstalled, startFrontProxy } from "../helpers/frontProxy.ts";
import { isNight, atNight } from "../helpers/nightly.ts";
import { deadline } from "../helpers/patience.ts";
import { privateCa } from "../helpers/privateCa.ts";
import { temporaryFolder } from "../helpers/temporaryFolder.ts";
import { until } from "../helpers/until.ts";
import { KEY_A, makeWorld, RECIPE, specOf } from "../helpers/world.ts";
import { deleteAll } from "../relay/helpers/system.ts";
import { ADMIN_TOKEN } from "./edges.ts";
import { startServerProcess } from "./process.ts";

/** The server behind nginx and behind Caddy, with TLS from a private CA, by the configurations of examples/proxy. */
const MIB = 1024 * 1024;
/** Different callers have different addresses: all of 127.0.0.0/8 is this host. */
const [ONE, ANOTHER] = ["127.0.0.2", "127.0.0.3"];
const BEARER = { authorization: `Bearer ${ADMIN_TOKEN}` };

type Site = Awaited<ReturnType<typeof site>>;

/** A server on a database of its own, with a pool that nothing fills, and the proxy before it. */
async function site(proxy: FrontProxy) {
  const folder = await temporaryFolder();
  const tls = privateCa(folder.path);
  const t = await testDb();
  await makeWorld(t.db);
  const port = await freePort();
  const url = `https://localhost:${port}`;
  const server = await startServerProcess(t.url, {
    WARMPOOL_PUBLIC_URL: url,
    WARMPOOL_TRUSTED_PROXIES: "127.0.0.1",
    WARMPOOL_WRONG_TOKENS_PER_MINUTE: "1",
  });
  const front = await startFrontProxy(proxy, port, new URL(server.url).host, tls).catch(async (error) => {
    await server[Symbol.asyncDispose]();
    throw error;
  });
  const open = async (path: string, options: RequestOptions = {}, body = ""): Promise<IncomingMessage> => {
    const sent = request(`${url}${path}`, { ca: tls.caText, signal: deadline(60), ...options });
    const answered = once(sent, "response") as Promise<[IncomingMessage]>;
    sent.end(body);
    return (await answered)[0];
  };
  return {
    url,
    tls,
    /** Past the proxy. */
    client: createClient({ url: server.url, token: ADMIN_TOKEN }),
    open,
    async ask(path: string, options: RequestOptions = {}, body = "") {
      const answer = await open(path, options, body);
      return { status: answer.statusCode, headers: answer.headers, body: await text(answer) };
    },
    async [Symbol.asyncDispose]() {
      await front[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await t.close();
      await folder[Symbol.asyncDispose]();
    },
  };
}

describe.each(atNight(FRONT_PROXIES))("behind %s", (proxy) => {
  const isMissing = !isInstalled(proxy) && process.env["CI"] === undefined;
  let at: Site;
  beforeAll(async () => {
    if (!isMissing) at = await site(proxy);
  });
  afterAll(async () => {
    if (!isMissing) await at[Symbol.asyncDispose]();
  });

  test.skipIf(isMissing)("an event stream → each event at once", async () => {
    await at.client.tester.assign.mutate({ username: "alice", sshKeys: [KEY_A] });
    const input = encodeURIComponent('{"username":"alice"}');
    const stream = await at.open(`/trpc/tester.watch?input=${input}`, { headers: BEARER });
    let heard = "";
    stream.on("data", (chunk) => (heard += String(chunk)));
    await until("the first event", () => heard.includes('"waiting"'));
    await at.client.tester.release.mutate({ username: "alice" });
    await until("the next event", () => heard.includes('"released"'));
    stream.destroy();
  });

  test.skipIf(isMissing)(
    "a body of the server's limit → reaches it; a larger one → its own error",
    async () => {
      const headers = { ...BEARER, "content-type": "application/json" };
      const put = (bytes: number) => {
        const body = { ...RECIPE, name: "large", steps: [{ ...RECIPE.steps[0], script: "#".repeat(bytes) }] };
        return at.ask("/trpc/recipe.put", { method: "POST", headers }, JSON.stringify(body));
      };
      const most = await put(2 * MIB - 1000);
      // Whether that is a recipe is for the contract to say: what matters is who answered.
      expect([200, 400]).toContain(most.status);
      expect(most.headers["content-type"]).toContain("application/json");
      const more = await put(3 * MIB);
      expect(more.status).toBe(413);
      expect(JSON.parse(more.body)).toMatchObject({ error: { data: { code: "BAD_REQUEST" } } });
    },
  );

  test.skipIf(isMissing)(
    "a trusted proxy → callers are distinguished by address, whatever they claim",
    async () => {
      const wrong = async (localAddress: string, claimed: string) => {
        const headers = { authorization: "Bearer wrong", "x-forwarded-for": claimed };
        return (await at.ask("/trpc/pool.list", { headers, localAddress })).status;
      };
      let status: number | undefined;
      for (let n = 0; n < 11; n += 1) status = await wrong(ONE, `203.0.113.${n}`);
      expect(status).toBe(429);
      expect(await wrong(ANOTHER, "127.0.0.2")).toBe(401);
    },
  );

  test.skipIf(isMissing)(
    "the dashboard → signs in over https, and changes come from its own origin",
    async () => {
      const json = { "content-type": "application/json" };
      const post = (path: string, origin: string, more: Record<string, string>, body: unknown) =>
        at.ask(path, { method: "POST", headers: { ...json, ...more, origin } }, JSON.stringify(body));
      const signedIn = await post("/session", at.url, {}, { token: ADMIN_TOKEN });
      expect(signedIn.status).toBe(204);
      expect(signedIn.headers["strict-transport-security"]).toBe("max-age=15768000");
      const [cookie = ""] = signedIn.headers["set-cookie"] ?? [];
      expect(cookie).toMatch(/; HttpOnly; Secure; SameSite=Strict$/);
      const session = { cookie: cookie.replace(/;.*/, "") };
      expect((await at.ask("/session", { headers: session })).status).toBe(200);
      const resume = (origin: string) => post("/trpc/pool.resume", origin, session, { name: "demo" });
      expect((await resume(at.url)).status).toBe(200);
      expect((await resume("https://evil.example")).status).toBe(403);
      const link = await at.client.session.link.mutate();
      expect(link.url).toContain(`${at.url}/?code=`);
    },
  );

  test.skipIf(isMissing)("the command line → trusts the CA that NODE_EXTRA_CA_CERTS names", async () => {
    const list = (env: Record<string, string>) =>
      warmpoolProcess(["pool", "list", "--json"], { url: at.url, env });
    const trusting = await list({ NODE_EXTRA_CA_CERTS: at.tls.ca });
    expect(trusting).toMatchObject({ code: 0, stderr: "" });
    expect(JSON.parse(trusting.stdout)).toMatchObject([{ spec: { name: "demo" } }]);
    const other = await list({});
    expect(other.code).toBe(1);
    expect(other.stderr).toContain("NODE_EXTRA_CA_CERTS");
  });

  // A minute on a busy host.
  test.skipIf(isMissing || !isNight)("a relay → joins, waits for work and fills the pool", async () => {
    await using home = await temporaryFolder();
    const dir = join(home.path, "relay");
    const { joinToken } = await at.client.node.enroll.mutate({ name: "n2" });
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: at.tls.ca, WARMPOOL_JOIN_TOKEN: joinToken };
    const joined = await warmpoolProcess(["relay", "join", "--url", at.url, "--dir", dir], { env });
    expect(joined).toMatchObject({ code: 0 });
    const { installation } = await loadIdentity(dir);
    const root = join(dir, "machines");
    const run = ["relay", "run", "--dir", dir, "--driver", "local", "--machines", root];
    const relay = spawn(process.execPath, [LAUNCHER, ...run], { env, stdio: ["ignore", "pipe", "pipe"] });
    const [said, ended] = [text(relay.stderr), once(relay, "exit")];
    try {
      await until("the relay to be heard", async () => {
        const nodes = await at.client.node.list.query();
        return nodes.find(({ name }) => name === "n2")?.state === "online";
      });
      // It polls by now, and is given the work when there is some.
      await at.client.pool.put.mutate(specOf({ targetSize: 1, nodes: ["n2"], image: "local" }));
      await until("a machine to be ready", async () => {
        const { counts } = await at.client.pool.get.query({ name: "demo" });
        return counts.ready === 1;
      });
    } finally {
      relay.kill("SIGTERM");
      await ended;
      await deleteAll(localDriver({ root, installation, node: "n2", hide: [] }));
    }
    expect(await said).not.toMatch(/Leasing failed/);
  });
});
