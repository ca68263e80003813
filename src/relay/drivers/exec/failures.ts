import type { z } from "zod";
import { DriverError } from "../../driver.ts";
import { head, tail } from "../../text.ts";
import { wrongAnswer } from "../../wrongAnswer.ts";
import { type Command, EXIT, MUST_PRINT } from "./protocol.ts";
import type { Ran } from "./process.ts";

/** Which call it was, for the words of its errors: `doing` is as "create of wp-1 by /opt/driver". */
export type About = {
  command: Command;
  doing: string;
  timeoutSeconds: number;
  /** Blacks out the secrets of the call: whatever the program printed passes it before it is said. */
  hide: (text: string) => string;
};

/** More than a person reads of what a program said; the rest is for its own log. */
const SAID_CHARACTERS = 2000;

/** The error of a run that did not end with 0, or with another code that is fine for its command. */
export function failureOf(about: About, ran: Ran): DriverError {
  const printed = about.hide(ran.stderr);
  const said = printed.trim() === "" ? null : tail(printed, SAID_CHARACTERS);
  const [code, what] = meaningOf(about, ran);
  const message = `${about.doing} ${what}: ${said ?? "nothing on stderr"}`;
  return new DriverError(code, message, { said });
}

function meaningOf({ command, timeoutSeconds }: About, ran: Ran): [code: DriverError["code"], what: string] {
  if (ran.cut === "too_slow") return ["retry", `did not exit within ${timeoutSeconds} s and was killed`];
  if (ran.cut === "too_long") return ["failed", "printed more than the relay accepts and was killed"];
  switch (ran.code) {
    case null:
      return ["retry", `was killed by ${ran.by}`];
    case EXIT.noCapacity:
      return ["no_capacity", "found no capacity"];
    case EXIT.retry:
      return ["retry", "asked for a retry later"];
    case EXIT.exists:
      return command === "create"
        ? ["exists", "found that the machine already exists"]
        : ["failed", "exited with 31 (already exists), which only create may return"];
    case EXIT.absent:
      return ["failed", "exited with 30 (no such machine)"];
    default:
      return ["failed", `exited with ${ran.code}`];
  }
}

/** The error of a program that the system does not start. */
export function unstartable({ doing }: About, cause: unknown): DriverError {
  const why = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  const busy = ["EAGAIN", "ENOMEM", "EMFILE", "ETXTBSY"].includes(why);
  return new DriverError(
    busy ? "retry" : "failed",
    `${doing} could not be started (${why}). Check that the program exists, that this user may run it (chmod +x), and that its ` +
      `first line names an installed interpreter.`,
    { cause },
  );
}

/** Reads what a command printed. @throws DriverError that says what it must print */
export function parseAnswer<Schema extends z.ZodType>(
  { command, doing, hide }: About,
  schema: Schema,
  stdout: string,
): z.infer<Schema> {
  const must = `It must print only this on stdout: ${MUST_PRINT[command] ?? "its answer"} (docs/drivers.md, "${command}").`;
  let json: unknown;
  try {
    json = JSON.parse(stdout);
  } catch (cause) {
    const what =
      stdout.trim() === ""
        ? "printed nothing"
        : `printed something that is not JSON: ${head(hide(stdout.trim()), 200)}`;
    throw new DriverError("failed", `${doing} exited with 0 but ${what}. ${must}`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  // A name in it is the program's, and so may be one of its secrets.
  const wrong = head(hide(wrongAnswer(parsed.error, "the output")), SAID_CHARACTERS);
  throw new DriverError(
    "failed",
    `${doing} exited with 0 but printed something unexpected (${wrong}). ${must}`,
    {
      cause: parsed.error,
    },
  );
}
