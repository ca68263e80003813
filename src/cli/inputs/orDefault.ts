/** What is given for a setting that can be put back to its default. */
export type OrDefault<Value> = Value | typeof DEFAULT;

const DEFAULT = "default";

/** Reads everything but the word `default` by `read`. Not as null yet: commander takes that for an option without a value. */
export function orDefault<Value>(read: (text: string) => Value): (text: string) => OrDefault<Value> {
  return (text) => (text === DEFAULT ? DEFAULT : read(text));
}

/** As the API takes it: null for the default. */
export function nullForDefault<Value>(given: OrDefault<Value> | undefined): Value | null | undefined {
  return given === DEFAULT ? null : given;
}
