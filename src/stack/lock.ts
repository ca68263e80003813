import { createHash } from "node:crypto";
import { once } from "node:events";
import { connect, createServer } from "node:net";

/**
 * At most one supervisor works on a state folder. The lock is an abstract unix socket, which the kernel gives to one
 * process and takes back when that process dies, however it dies: there is no stale lock and nothing to clean up.
 */
export type Lock = { release(): void };

/**
 * @param folder the state folder's real path
 * @throws Error where another supervisor holds it; the message names its process.
 */
export async function lockFolder(folder: string): Promise<Lock> {
  const name = `\0warmpool-${createHash("sha256").update(folder).digest("hex").slice(0, 40)}`;
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.end(String(process.pid));
  });
  server.listen(name);
  try {
    await once(server, "listening");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
    const holder = await holderOf(name);
    throw new Error(
      `another npm start already uses ${folder}${holder === null ? "" : ` (process ${holder})`}. ` +
        "Stop that one, or use another folder with --state-dir.",
      { cause: error },
    );
  }
  server.unref();
  return { release: () => server.close() };
}

async function holderOf(name: string): Promise<string | null> {
  const socket = connect(name);
  const timer = setTimeout(() => socket.destroy(new Error("the holder is silent")), 1000);
  try {
    let text = "";
    for await (const chunk of socket) text += String(chunk);
    return text;
  } catch {
    return null;
  } finally {
    clearTimeout(timer);
  }
}
