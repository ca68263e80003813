/** One thing that was looked at. `fix` says how to mend what is wrong. */
export type Check =
  | { name: string; state: "ok"; message: string; fix: null }
  | { name: string; state: "wrong"; message: string; fix: string }
  /** It could not be looked at, because of something else that is wrong. */
  | { name: string; state: "unknown"; message: string; fix: null };

export function ok(name: string, message: string): Check {
  return { name, state: "ok", message, fix: null };
}

export function wrong(name: string, message: string, fix: string): Check {
  return { name, state: "wrong", message, fix };
}

export function unknown(name: string, message: string): Check {
  return { name, state: "unknown", message, fix: null };
}
