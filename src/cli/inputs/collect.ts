/** Reads an option that may be repeated: each value is added to those before it. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
