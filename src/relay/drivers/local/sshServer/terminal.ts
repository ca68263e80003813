import { execFile } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";

/**
 * Terminals by way of util-linux's `script`, which opens one for the command it runs: Node has no pty of its own, and
 * a native module could not be bundled.
 */
export type TerminalSize = { rows: number; cols: number };

/** The program that gives a command line a terminal of that size, and ends when the command does, with its code. */
export function inTerminal(commandLine: string, size: TerminalSize): string[] {
  const sized = `stty rows ${count(size.rows)} cols ${count(size.cols)} 2>/dev/null; ${commandLine}`;
  return ["script", "--quiet", "--return", "--flush", "--command", sized, "/dev/null"];
}

/** Tells the terminal that `script` opened its new size; the kernel tells whoever runs in it. */
export function resize(script: number, size: TerminalSize, log: (text: string) => void): void {
  const terminal = terminalOf(script);
  if (terminal === null) return;
  const args = ["-F", terminal, "rows", count(size.rows), "cols", count(size.cols)];
  execFile("stty", args, { timeout: 5000 }, (error) => {
    if (error !== null) log(`could not resize ${terminal}: ${error.message}`);
  });
}

function terminalOf(script: number): string | null {
  try {
    const [child] = readFileSync(`/proc/${script}/task/${script}/children`, "utf8").split(" ");
    const terminal = readlinkSync(`/proc/${Number(child)}/fd/0`);
    return terminal.startsWith("/dev/pts/") ? terminal : null;
  } catch {
    // The command has ended meanwhile.
    return null;
  }
}

function count(value: number): string {
  return String(Math.min(Math.max(Math.trunc(value) || 0, 0), 9999));
}

/** Quotes one word for a POSIX shell. */
export function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
