import { takenBy as assignment } from "../../contract/operationResult.ts";

/**
 * Whether a machine was given to somebody before. The edge knows that, unless its database was restored from a backup that
 * is older: then the folder of a set-up, which stays on the machine for its whole life, is what tells.
 */

/** The script's or the probe's exit code for it; both print `MARK` with the assignment then. */
export const TAKEN = 76;
const MARK = "::warmpool taken";

/** Shell that exits with it if `state` has the set-up of another assignment than `own`, which is shell text. */
export function refuseTaken(own: string, leave: "return" | "exit"): string {
  return `for other in "$state"/setup/*; do
  [ -d "$other" ] || continue
  case \${other##*/} in ${own}) ;; *) echo "${MARK} \${other##*/}"; ${leave} ${TAKEN} ;; esac
done`;
}

/** The assignment that it names, which is the machine's word; null if that is none. */
export function takenBy({ code, stdout }: { code: number | null; stdout: Buffer | string }): string | null {
  if (code !== TAKEN) return null;
  const text = stdout.toString();
  const line = text.split("\n").find((one) => one.startsWith(`${MARK} `));
  return assignment.safeParse(line?.slice(MARK.length + 1).trim()).data ?? null;
}
