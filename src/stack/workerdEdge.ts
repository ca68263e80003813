import { join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Response } from "miniflare";
import type { Miniflare, MiniflareOptions } from "miniflare";
import type { DashboardFiles } from "../api/dashboard.ts";
import type { Bundle } from "./bundle.ts";

/** What an edge in workerd is given: the Worker's bundle, its database, and what its settings and secrets are. */
export type WorkerdEdge = {
  bundle: Bundle;
  /** 0 takes one that is free. */
  port: number;
  databaseUrl: string;
  bindings: Record<string, string>;
  /** The built dashboard; null serves none. On Cloudflare the platform has the files. */
  files: DashboardFiles | null;
  /** Takes each message that the Worker logs. */
  onLog: (message: string) => void;
};

/** The edge as wrangler would deploy it, for Miniflare on loopback. Nothing leaves this machine. */
export function workerdOptions({
  bundle,
  port,
  databaseUrl,
  bindings,
  files,
  onLog,
}: WorkerdEdge): MiniflareOptions {
  return convertV4MiniflareOptions({
    host: "127.0.0.1",
    port,
    // No request properties from Cloudflare, no telemetry.
    cf: false,
    telemetry: { enabled: false },
    logRequests: false,
    log: new Log(LogLevel.WARN),
    handleStructuredLogs: ({ message }) => {
      const said = withoutNoise(message);
      if (said !== "") onLog(said);
    },
    workers: [
      {
        name: bundle.name,
        modules: [{ type: "ESModule", path: join(bundle.folder, bundle.main) }],
        modulesRoot: bundle.folder,
        compatibilityDate: bundle.compatibilityDate,
        compatibilityFlags: bundle.compatibilityFlags,
        hyperdrives: { HYPERDRIVE: databaseUrl },
        ...(files === null ? {} : { serviceBindings: { ASSETS: assetsOf(files) } }),
        bindings,
      },
    ],
  });
}

/** What the platform's binding for static assets does: the file, or 404. */
function assetsOf(files: DashboardFiles) {
  return async ({ url, headers }: { url: string; headers: { get(name: string): string | null } }) => {
    const known = headers.get("if-none-match");
    // Without Accept-Encoding: what the bytes are packed as would be done twice on the way.
    const request = new Request(url, known === null ? {} : { headers: { "if-none-match": known } });
    const file = await files.get(new URL(url).pathname, request);
    if (file === null) return new Response(null, { status: 404 });
    const body = file.status === 304 ? null : await file.arrayBuffer();
    return new Response(body, { status: file.status, headers: Object.fromEntries(file.headers) });
  };
}

/**
 * The message without the lines that workerd writes for each caller that hangs up, and without its stacks of bare addresses:
 * they tell nobody anything, and there are dozens for each line of the edge's own. Pure.
 */
export function withoutNoise(message: string): string {
  return message
    .split("\n")
    .filter((line) => !isHangUp(line) && !isBareStack(line))
    .join("\n")
    .trim();
}

function isHangUp(line: string): boolean {
  return line.startsWith("kj::getCaughtExceptionAsKj() = ") && line.includes(" disconnected: ");
}

function isBareStack(line: string): boolean {
  const [head, ...addresses] = line.trim().split(" ");
  return head === "stack:" && addresses.every((address) => address.includes("/workerd@"));
}

/** Fires the Worker's cron trigger once. @returns how its handler ended; "ok" is well */
export async function fireCron(miniflare: Miniflare, { crons }: Bundle): Promise<string> {
  // Its own type hangs on a package of global Worker types that this project leaves out.
  const worker = (await miniflare.getWorker()) as unknown as ScheduledWorker;
  const { outcome } = await worker.scheduled({ cron: crons[0] ?? "* * * * *" });
  return outcome;
}

type ScheduledWorker = { scheduled(event: { cron: string }): Promise<{ outcome: string }> };
