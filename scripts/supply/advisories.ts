import { z } from "zod";

/** What `npm audit --json` printed: a report, or why there is none. */
const SEVERE = new Set(["high", "critical"]);

const report = z.object({
  vulnerabilities: z.record(
    z.string(),
    z.object({ name: z.string(), severity: z.string(), range: z.string() }),
  ),
});
const failure = z.object({ message: z.string() });

export type Verdict =
  | { kind: "answered"; severe: string[] }
  /** The registry gave no report: it is away, or has none to give. */
  | { kind: "unanswered"; why: string };

/** @param printed the standard output of npm; anything that is no report counts as none */
export function verdictOn(printed: string): Verdict {
  const json = parsed(printed);
  const answer = report.safeParse(json);
  if (!answer.success)
    return { kind: "unanswered", why: failure.safeParse(json).data?.message ?? "no report" };
  const severe = Object.values(answer.data.vulnerabilities)
    .filter(({ severity }) => SEVERE.has(severity))
    .map(
      ({ name, severity, range }) =>
        `${name} ${range} has an advisory (${severity}). See npm audit, and pin a version that is not affected.`,
    );
  return { kind: "answered", severe };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
