/** Moments and durations in words. Pure. */
import { own } from "../../contract/own.ts";

/** Seconds in the two largest units: `12s`, `3m 20s`, `2h 5m`, `3d 4h`. */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return two(whole, 60, "m", 1, "s");
  if (whole < 86_400) return two(whole, 3600, "h", 60, "m");
  return two(whole, 86_400, "d", 3600, "h");
}

function two(seconds: number, unit: number, name: string, next: number, nextName: string): string {
  const rest = Math.floor((seconds % unit) / next);
  return `${Math.floor(seconds / unit)}${name}${rest === 0 ? "" : ` ${rest}${nextName}`}`;
}

/** How long ago an ISO moment was: `just now` below 5 s, so that clocks that differ a little show nothing odd. */
export function ago(iso: string, now: number): string {
  const seconds = (now - Date.parse(iso)) / 1000;
  return seconds < 5 ? "just now" : `${duration(seconds)} ago`;
}

/** How long until an ISO moment; `now` once it is there. */
export function until(iso: string, now: number): string {
  const seconds = (Date.parse(iso) - now) / 1000;
  return seconds > 0 ? duration(seconds) : "now";
}

/** Seconds as a person says them in a wait: `about 2 minutes`. */
export function roughly(seconds: number): string {
  if (seconds < 50) return "less than a minute";
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return minutes === 1 ? "about a minute" : `about ${minutes} minutes`;
  return `about ${Math.round(minutes / 60)} hours`;
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Reads `90s`, `30m`, `2h`, `7d` or `1h30m` as seconds; null for anything else. */
export function readDuration(text: string): number | null {
  const written = text.trim().replaceAll(" ", "");
  if (!/^(\d{1,9}[smhd])+$/.test(written)) return null;
  const parts = [...written.matchAll(/(\d{1,9})([smhd])/g)];
  const seconds = parts.reduce(
    (sum, [, count, unit]) => sum + Number(count) * (own(UNITS, unit ?? "") ?? 0),
    0,
  );
  return Number.isSafeInteger(seconds) ? seconds : null;
}

/** A duration as `readDuration` reads it: `1h30m`. */
export function writeDuration(seconds: number): string {
  let rest = seconds;
  let text = "";
  for (const [name, unit] of [
    ["d", 86_400],
    ["h", 3600],
    ["m", 60],
    ["s", 1],
  ] as const) {
    const count = Math.floor(rest / unit);
    if (count > 0) text += `${count}${name}`;
    rest -= count * unit;
  }
  return text === "" ? "0s" : text;
}
