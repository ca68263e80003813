/** A part of an operation's work as traces show it (src/traces). Without traces nothing of it is recorded. */
export type Span = {
  /** Begins a part of it. */
  child: (name: string, attributes?: Record<string, string | number>) => Span;
  /** Only its first end counts. @param error why it failed: a word of this code, never a text from a machine */
  end: (error?: string) => void;
};

export const UNTRACED: Span = { child: () => UNTRACED, end: () => undefined };

/** Does `work` as a part of the span. */
export async function during<T>(span: Span, name: string, work: () => Promise<T>): Promise<T> {
  const part = span.child(name);
  try {
    const done = await work();
    part.end();
    return done;
  } catch (error) {
    part.end(errorWord(error));
    throw error;
  }
}

/** The reason that this relay's own errors carry, else the kind of the error. A message may quote a machine. */
function errorWord(error: unknown): string {
  if (!(error instanceof Error)) return "Error";
  return "reason" in error && typeof error.reason === "string" ? error.reason : error.name;
}
