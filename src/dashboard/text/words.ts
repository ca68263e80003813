/** Small words. Pure. */

/** `1 machine`, `3 machines`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** `a, b and c`; of more than `most` the first ones and how many more. */
export function list(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most);
  const more = names.length - shown.length;
  if (more > 0) return `${shown.join(", ")} and ${more} more`;
  const last = shown.at(-1);
  return shown.length < 2 || last === undefined
    ? shown.join("")
    : `${shown.slice(0, -1).join(", ")} and ${last}`;
}

/** `setting_up` as `setting up`, `TargetReached` as it is. */
export function spaced(code: string): string {
  return code.replaceAll("_", " ");
}

/** A sentence without the dot at its end, to continue it. */
export function trimDot(text: string): string {
  return text.endsWith(".") ? text.slice(0, -1) : text;
}

/** MiB as GiB where they are many: `512 MiB`, `4 GiB`. */
export function memory(mib: number): string {
  return mib < 1024 ? `${round(mib)} MiB` : `${round(mib / 1024)} GiB`;
}

/** One decimal at most. */
export function round(value: number): string {
  return String(Math.round(value * 10) / 10);
}
