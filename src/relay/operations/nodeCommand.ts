import { spawn } from "node:child_process";

/** `code` is null where a signal ended it. `output` is the end of what it printed, 4000 characters at most. */
export type NodeCommandResult = { code: number | null; output: string };

/**
 * Runs an operator's shell command on the node itself, in a process group of its own that is killed as a whole when
 * `signal` is aborted or `timeoutSeconds` have passed (then `code` is null). Nothing but PATH and HOME is inherited.
 */
export function runOnNode(
  command: string,
  env: Record<string, string>,
  options: { timeoutSeconds: number; signal: AbortSignal },
): Promise<NodeCommandResult> {
  return new Promise((resolve, reject) => {
    const { PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", HOME = "/" } = process.env;
    const child = spawn("/bin/sh", ["-c", command], {
      env: { PATH, HOME, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const end = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {
        // The group is gone already.
      }
    };
    const timer = setTimeout(end, options.timeoutSeconds * 1000);
    options.signal.addEventListener("abort", end);
    let output = "";
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString("utf8")).slice(-4000);
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    const release = (): void => {
      clearTimeout(timer);
      options.signal.removeEventListener("abort", end);
    };
    child.on("error", (error) => {
      release();
      reject(error);
    });
    // Not `close`: a child that the command left behind may hold its output for ever.
    child.on("exit", (code) => {
      release();
      end();
      resolve({ code, output: output.trimEnd() });
    });
  });
}
