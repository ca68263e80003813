/** Reads `default` as null, which puts a setting back to its default, and everything else by `read`. */
export function orDefault<Value>(read: (text: string) => Value): (text: string) => Value | null {
  return (text) => (text === "default" ? null : read(text));
}
