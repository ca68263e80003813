import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { DriverError } from "../../../src/relay/driver.ts";

/** The programs that this one runs: virsh, and mtools for the seed. All of them end by themselves. */
export type Call = {
  signal: AbortSignal;
  /** Goes to stdin. */
  input?: string;
  /** An open file that the program finds as /dev/fd/3. */
  file?: number;
  /** After so long it is ended; 100 s where this is left out. */
  milliseconds?: number;
};

/** It ended with another code than 0, or did not end. `said` is what it printed to stderr. */
export class ToolError extends Error {
  readonly said: string;
  /** Exit code; null where a signal ended it. */
  readonly code: number | null;
  constructor(program: string, said: string, code: number | null) {
    super(`${program}: ${said}`);
    this.name = "ToolError";
    this.said = said;
    this.code = code;
  }
}

const PACKAGES: Record<string, string> = { virsh: "libvirt-clients" };
const CALL_MS = 100_000;

/**
 * @returns what it printed
 * @throws ToolError, or DriverError where it is not installed, or the reason of `signal`
 */
export async function runTool(program: string, args: string[], call: Call): Promise<string> {
  const { signal, input = "", file, milliseconds = CALL_MS } = call;
  signal.throwIfAborted();
  const child = spawn(program, args, {
    // Errors are told apart by their words, which are English in this locale.
    env: { ...process.env, LC_ALL: "C" },
    stdio: ["pipe", "pipe", "pipe", file ?? "ignore"],
    signal,
    timeout: milliseconds,
  });
  const { stdin, stdout, stderr } = child;
  if (stdin === null || stdout === null || stderr === null) throw new Error(`${program} has no pipes`);
  // One that ends before it has read its input says why on stderr.
  stdin.on("error", () => undefined);
  stdin.end(input);
  try {
    const [printed, said] = await Promise.all([text(stdout), text(stderr), once(child, "close")]);
    if (child.exitCode === 0) return printed;
    const ended = child.killed
      ? `has not ended within ${milliseconds / 1000} s`
      : `ended with ${child.exitCode}`;
    throw new ToolError(
      program,
      said
        .replaceAll(/^error: /gm, "")
        .trim()
        .replaceAll("\n", "; ") || ended,
      child.exitCode,
    );
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
    const advice = `${program} is not installed: it is in the package ${PACKAGES[program] ?? "mtools"}`;
    throw new DriverError("failed", advice, { cause: error });
  }
}
