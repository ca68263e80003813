import { ago, ahead, duration } from "./time.ts";

/**
 * Sentences of the API in the form that this command line uses everywhere: a command as it can be typed here, and a moment
 * as the time since then or until then. Pure.
 */

/** Makes a command line to try of its words. */
export type Command = (...words: string[]) => string;

/** @param sameTarget the options that lead to the same Warmpool as those of this run */
export function commandWith(sameTarget: readonly string[]): Command {
  return (...words) => ["npx warmpool", ...words, ...sameTarget].join(" ");
}

export function inOurWords(text: string, command: Command, now: number): string {
  return asTyped(text, command).replace(MOMENT, (_, word: string, iso: string) => {
    const at = Date.parse(iso);
    if (word === "since") return ` (for ${duration((now - at) / 1000)})`;
    return at > now ? ` ${ahead(iso, now)}` : ` ${ago(iso, now)}`;
  });
}

/** Commands alone, for sentences without a moment. */
export function asTyped(text: string, command: Command): string {
  return text.replace(COMMAND, (_, words: string) => `\`${command(words)}\``);
}

const COMMAND = /\u0060warmpool ([^\u0060\s][^\u0060]{0,500})\u0060/g;
const MOMENT = / (at|since) (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z)\b/g;
