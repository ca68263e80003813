import { InvalidArgumentError } from "commander";
import { shapeText } from "../../contract/capacity.ts";
import { problemsOf } from "../../contract/issues.ts";

/**
 * Checks a machine's shape, such as `4x8x100`, before the request that carries it.
 * @throws InvalidArgumentError for anything else; commander names the option.
 */
export function parseShape(text: string): string {
  const parsed = shapeText.safeParse(text);
  if (parsed.success) return text;
  const [problem] = problemsOf(parsed.error.issues);
  // A problem with one of the numbers has a path, one with the form has none.
  throw new InvalidArgumentError(
    problem === undefined || problem.path.length === 0
      ? "Write it as VCPUxMEMORYxDISK, memory and disk in GiB, such as 2x4x20."
      : `Its ${problem.path.join(".")} ${problem.words}.`,
  );
}
