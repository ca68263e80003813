import { sshPublicKeyProblem } from "../../contract/sshKey.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import { readText } from "./jsonFile.ts";

/**
 * The public keys in the files, one a line; empty lines and comments are passed over, as in authorized_keys.
 * @throws CliError (wrong use) naming the file, the line and what is wrong with it.
 */
export function readPublicKeys(files: string[]): string[] {
  return files.flatMap((file) => {
    const keys = readText(file)
      .split("\n")
      .map((line, index) => ({ line: line.trim(), number: index + 1 }))
      .filter(({ line }) => line !== "" && !line.startsWith("#"));
    if (keys.length === 0) throw new CliError(EXIT.wrongUse, `${file} contains no key.`);
    for (const { line, number } of keys) {
      const problem = sshPublicKeyProblem(line);
      if (problem === null) continue;
      throw new CliError(
        EXIT.wrongUse,
        `${file}, line ${number}: the key ${problem}.`,
        "Give the file ending in .pub, such as ~/.ssh/id_ed25519.pub.",
      );
    }
    return keys.map(({ line }) => line);
  });
}
