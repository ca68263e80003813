import { createInterface } from "node:readline";

/** Gives the line that was typed; empty where the terminal was closed instead. */
export type Ask = (question: string) => Promise<string>;

/** A question to the person at this process's terminal; null where it has none. Standard output stays the answer's. */
export function terminalAsk(): Ask | null {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return null;
  return (question) =>
    new Promise((resolve) => {
      const lines = createInterface({ input: process.stdin, output: process.stderr });
      lines.once("close", () => resolve(""));
      lines.question(question, (line) => {
        resolve(line);
        lines.close();
      });
    });
}
