import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { freePort } from "../../src/stack/ports.ts";
import { until } from "../helpers/until.ts";
import { ADMIN_TOKEN, type Runtime, startEdge } from "./edges.ts";

export type ApiProcess = AsyncDisposable & { url: string };

/** An edge in a process of its own, as in production: the Node entry, or the Worker's bundle in a workerd. */
export async function startApiProcess(runtime: Runtime, databaseUrl: string): Promise<ApiProcess> {
  return runtime === "workerd" ? startEdge(runtime, databaseUrl) : startServerProcess(databaseUrl);
}

/** @param settings of the Node entry, besides what it needs */
export async function startServerProcess(
  databaseUrl: string,
  settings: Record<string, string> = {},
): Promise<ApiProcess> {
  const port = await freePort();
  const program = fileURLToPath(new URL("../../src/server.ts", import.meta.url));
  const server = spawn(process.execPath, [program], {
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      PORT: String(port),
      WARMPOOL_ADMIN_TOKEN: ADMIN_TOKEN,
      WARMPOOL_SWEEP_SECONDS: "0",
      ...settings,
    },
    stdio: "ignore",
  });
  const ended = once(server, "exit");
  const url = `http://127.0.0.1:${port}`;
  const stop = async () => {
    server.kill("SIGTERM");
    await ended;
  };
  try {
    await until("the server to answer", async () => (await fetch(`${url}/healthz`)).ok);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url, [Symbol.asyncDispose]: stop };
}
