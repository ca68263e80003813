/** Shell text made from values: everything that varies is quoted, or travels as base64. */

/** One word for a POSIX shell, whatever it holds but NUL. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Commands that write `content` to the file that the shell word `path` names. */
export function writeFile(path: string, content: string): string {
  const lines =
    Buffer.from(content)
      .toString("base64")
      .match(/.{1,76}/g) ?? [];
  return `base64 -d >${path} <<'END' || return 73\n${lines.map((line) => `${line}\n`).join("")}END\n`;
}
