import { InvalidArgumentError } from "commander";

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/**
 * Reads `90s`, `30m`, `2h`, `7d`, or several in a row (`1h30m`), as seconds.
 * @throws InvalidArgumentError for anything else; commander names the option.
 */
export function parseDuration(text: string): number {
  let seconds = /^(\d{1,15}[smhd])+$/.test(text) ? 0 : NaN;
  for (const [, count, unit] of text.matchAll(/(\d{1,15})([smhd])/g)) {
    seconds += Number(count) * UNITS[unit as keyof typeof UNITS];
  }
  if (Number.isSafeInteger(seconds)) return seconds;
  throw new InvalidArgumentError(`"${text}" is not a duration. Write it as 90s, 30m, 2h, 7d or 1h30m.`);
}

type Bounds = { min: number; max: number };

/** As `parseDuration`, from `min` to `max` seconds. */
export function durationWithin(bounds: Bounds): (text: string) => number {
  return (text) => within(parseDuration(text), bounds, 1);
}

/** As `parseDays`, from `min` to `max` days. */
export function daysWithin(bounds: Bounds): (text: string) => number {
  return (text) => within(parseDays(text), bounds, UNITS.d);
}

/** @param unit of the value and its bounds, in seconds */
function within(value: number, { min, max }: Bounds, unit: number): number {
  // In words of `parseDuration`, whose units have no blanks between them.
  const written = (bound: number) => duration(bound * unit).replaceAll(" ", "");
  if (value < min) throw new InvalidArgumentError(`It must be at least ${written(min)}.`);
  if (value > max) throw new InvalidArgumentError(`It must be at most ${written(max)}.`);
  return value;
}

/**
 * Reads a duration of whole days (`30d`), as days.
 * @throws InvalidArgumentError for anything else; commander names the option.
 */
export function parseDays(text: string): number {
  const days = parseDuration(text) / UNITS.d;
  if (Number.isInteger(days)) return days;
  throw new InvalidArgumentError(`"${text}" is no whole number of days. Write it as 30d.`);
}

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

/** Seconds in the largest unit alone, rounded: `90d`, for where room is short. */
export function coarse(seconds: number): string {
  const [unit, name] = (
    [
      [86_400, "d"],
      [3600, "h"],
      [60, "m"],
    ] as const
  ).find(([each]) => seconds >= each) ?? [1, "s"];
  return `${Math.max(0, Math.round(seconds / unit))}${name}`;
}

/** Seconds as a stopwatch shows them: `0:07`, `12:30`, `1:02:03`. */
export function stopwatch(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const digits = (value: number) => String(value).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${digits(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${digits(minutes % 60)}:${digits(whole % 60)}`;
}

/** How long ago an ISO moment was, or a dash where there is none. */
export function ago(iso: string | null, now: number): string {
  return iso === null ? "-" : `${duration((now - Date.parse(iso)) / 1000)} ago`;
}

/** How long from now an ISO moment will be. */
export function ahead(iso: string, now: number): string {
  const seconds = (Date.parse(iso) - now) / 1000;
  return seconds > 0 ? `in ${duration(seconds)}` : "now";
}
