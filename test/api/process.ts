import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { z } from "zod";
import { ADMIN_TOKEN, type Runtime, startEdge } from "./edges.ts";
import { ownProgram } from "../helpers/ownProgram.ts";

export type ApiProcess = AsyncDisposable & { url: string };

/** An edge in a process of its own, as in production: the Node entry, or the Worker's bundle in a workerd. */
export async function startApiProcess(runtime: Runtime, databaseUrl: string): Promise<ApiProcess> {
  return runtime === "workerd" ? startEdge(runtime, databaseUrl) : startServerProcess(databaseUrl);
}

const listening = z.object({ message: z.literal("listening"), port: z.int() });

/**
 * @param settings of the Node entry, in addition to the required ones
 * @throws Error with what it said, if it ends before it listens
 */
export async function startServerProcess(
  databaseUrl: string,
  settings: Record<string, string> = {},
): Promise<ApiProcess> {
  const server = spawn(process.execPath, ownProgram("src/server.ts"), {
    env: {
      ...process.env,
      DATABASE_URL: databaseUrl,
      PORT: "0",
      WARMPOOL_ADMIN_TOKEN: ADMIN_TOKEN,
      WARMPOOL_SWEEP_SECONDS: "0",
      ...settings,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  server.stderr.on("data", (chunk) => (said = `${said}${String(chunk)}`.slice(-4000)));
  const ended = once(server, "exit");
  const port = await new Promise<number | null>((resolve) => {
    const lines = createInterface(server.stdout);
    lines.on("line", (line) => {
      const found = listening.safeParse(jsonOrNull(line));
      if (found.success) resolve(found.data.port);
    });
    lines.once("close", () => resolve(null));
  });
  if (port === null) throw new Error(`the server ended before it listened: ${said}`);
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.kill("SIGTERM");
      await ended;
    },
  };
}

function jsonOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
