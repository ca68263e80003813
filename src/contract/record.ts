import * as z from "zod";

/**
 * Objects as maps whose names come from outside. A name may be any text, also one that every object inherits something
 * by (`constructor`, `toString`): only a record's own names count, so look a name up by `own` and never by an index.
 */

/** An object of such names and values. `__proto__` is refused: JavaScript takes it for no name in too many places. */
export function recordOf<Name extends z.core.$ZodRecordKey, Value extends z.ZodType>(
  name: Name,
  value: Value,
) {
  return z.preprocess(
    (input, context) => {
      if (typeof input === "object" && input !== null && Object.hasOwn(input, "__proto__"))
        context.addIssue({ code: "custom", message: "__proto__ is not allowed as a name", input });
      return input;
    },
    z.record(name, value),
  );
}
