import { Writable } from "node:stream";
import { main } from "../../src/cli/main.ts";
import type { Stream } from "../../src/cli/terminal/output.ts";
import { ADMIN_TOKEN } from "../api/edges.ts";

/** One run of the command line: what it wrote and how it ended. */
export type Ran = { code: number; stdout: string; stderr: string };

export type RunOptions = {
  /** The API to talk to, as its admin; left out, the run is told of none. */
  url?: string;
  env?: NodeJS.ProcessEnv;
  /** Pretends that both streams are a terminal of so many columns. */
  terminal?: number;
  /** What the person at the terminal answers; without it nobody can be asked. */
  answers?: string;
  /** See what was written as it grows. */
  onStdout?: (soFar: string) => void;
  onStderr?: (soFar: string) => void;
};

/** Runs `warmpool ARGS` in this process, its streams caught. */
export async function warmpool(args: string[], options: RunOptions = {}): Promise<Ran> {
  const stdout = caught(options.terminal, options.onStdout);
  const stderr = caught(options.terminal, options.onStderr);
  const target = options.url === undefined ? {} : { WARMPOOL_URL: options.url, WARMPOOL_TOKEN: ADMIN_TOKEN };
  const { answers } = options;
  const ask =
    answers === undefined
      ? null
      : (question: string) => {
          stderr.stream.write(question);
          return Promise.resolve(answers);
        };
  const code = await main(args, stdout.stream, stderr.stream, { ...target, ...options.env }, ask);
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}

/** The longest line, in characters. */
export function longest(text: string): number {
  return Math.max(...text.split("\n").map((line) => line.length));
}

/** Text without the line breaks that its width asked for. */
export function unwrapped(text: string): string {
  return text.replaceAll("\n", " ");
}

function caught(columns: number | undefined, onText: (soFar: string) => void = () => {}) {
  let text = "";
  const writable = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      text += String(chunk);
      onText(text);
      done();
    },
  });
  const stream: Stream = columns === undefined ? writable : Object.assign(writable, { isTTY: true, columns });
  return { stream, text: () => text };
}
