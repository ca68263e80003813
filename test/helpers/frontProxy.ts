import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../../src/stack/ports.ts";
import type { PrivateCa } from "./privateCa.ts";
import { temporaryFolder } from "./temporaryFolder.ts";
import { until } from "./until.ts";

/**
 * nginx and Caddy before a server, with exactly the configurations that examples/proxy has. Only what is of a place is
 * replaced in them: the name, the ports, the certificate, the server's address.
 */
export const FRONT_PROXIES = ["nginx", "caddy"] as const;
export type FrontProxy = (typeof FRONT_PROXIES)[number];

/** Where Debian puts nginx is not in everybody's PATH. */
const ENV = { ...process.env, PATH: `${process.env["PATH"] ?? ""}:/usr/sbin` };

/**
 * Each is in Debian's package of that name. CI has them, a developer's machine need not. It is looked for and not run:
 * Caddy, asked for its version, makes a folder in the home directory of whoever asks.
 */
export function isInstalled(proxy: FrontProxy): boolean {
  return ENV.PATH.split(delimiter).some((folder) => existsSync(join(folder, proxy)));
}

type Site = { server: string; https: number; http: number; tls: PrivateCa };

const RUN = {
  nginx: async (folder: string, site: Site) => {
    const config = example("nginx.conf", {
      "listen 443": `listen 127.0.0.1:${site.https}`,
      "listen 80": `listen 127.0.0.1:${site.http}`,
      "warmpool.example.com": "localhost",
      "server 127.0.0.1:8787": `server ${site.server}`,
      "/etc/ssl/warmpool/fullchain.pem": site.tls.certificate,
      "/etc/ssl/private/warmpool.pem": site.tls.key,
    });
    await writeFile(join(folder, "warmpool.conf"), config);
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (kind) => `${kind}_temp_path ${folder}/${kind};`,
    );
    const main = join(folder, "nginx.conf");
    await writeFile(
      main,
      `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/log;
events {}
http { access_log off; ${temporary.join(" ")} include ${folder}/warmpool.conf; }
`,
    );
    return ["-c", main, "-p", folder, "-e", `${folder}/log`];
  },
  caddy: async (folder: string, site: Site) => {
    const config = example("Caddyfile", {
      "warmpool.example.com": "localhost",
      "127.0.0.1:8787": site.server,
      "/etc/ssl/warmpool/fullchain.pem": site.tls.certificate,
      "/etc/ssl/private/warmpool.pem": site.tls.key,
    });
    const main = join(folder, "Caddyfile");
    const options = `admin off\nhttp_port ${site.http}\nhttps_port ${site.https}\ndefault_bind 127.0.0.1`;
    await writeFile(main, `{\n${options}\n}\n${config}`);
    return ["run", "--config", main, "--adapter", "caddyfile"];
  },
};

/** The example with other values; each of those that are replaced must be in it. */
function example(name: string, values: Record<string, string>): string {
  const file = fileURLToPath(new URL(`../../examples/proxy/${name}`, import.meta.url));
  return Object.entries(values).reduce(
    (text, [from, to]) => {
      if (!text.includes(from)) throw new Error(`examples/proxy/${name} has no ${from}`);
      return text.replaceAll(from, to);
    },
    readFileSync(file, "utf8"),
  );
}

export type Front = AsyncDisposable & { port: number };

/** Starts it on a port of loopback that the caller chose, because the server behind it has to know its address. */
export async function startFrontProxy(
  proxy: FrontProxy,
  https: number,
  server: string,
  tls: PrivateCa,
): Promise<Front> {
  const folder = await temporaryFolder();
  const home = join(folder.path, "home");
  await mkdir(home);
  const args = await RUN[proxy](folder.path, { server, https, http: await freePort(), tls });
  const env = { ...ENV, HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home };
  const child = spawn(proxy, args, { env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (chunk) => (said += String(chunk)));
  const ended = once(child, "exit");
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    await folder[Symbol.asyncDispose]();
  };
  try {
    const seen = await until(`${proxy} to listen`, async () =>
      child.exitCode === null && child.signalCode === null ? (await accepts(https)) && "listening" : "ended",
    );
    if (seen === "ended") throw new Error(`${proxy} ended with ${child.exitCode ?? child.signalCode}`);
  } catch (error) {
    const log = await readFile(join(folder.path, "log"), "utf8").catch(() => "");
    await stop();
    throw new Error(`${said}${log}`, { cause: error });
  }
  return { port: https, [Symbol.asyncDispose]: stop };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
