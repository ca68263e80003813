/**
 * Comma-separated values as spreadsheets and databases write them (RFC 4180): fields may be quoted, a quote in them is
 * doubled, and a quoted field may hold line breaks. Semicolons and tabs separate as well, whatever the first line has.
 */
export type CsvRow = { line: number; fields: string[] };

/** All rows but empty ones, each with the line that it begins on; null where a quote is never closed. */
export function readCsv(text: string): CsvRow[] | null {
  const content = text.replace(/^\uFEFF/, "");
  const separator = separatorOf(content);
  const rows: CsvRow[] = [];
  let row: CsvRow = { line: 1, fields: [] };
  let field = "";
  let quoted = false;
  let line = 1;
  const endRow = (): void => {
    row.fields.push(field);
    if (row.fields.some((one) => one.trim() !== "")) rows.push(row);
    field = "";
    row = { line: line + 1, fields: [] };
  };
  for (let at = 0; at < content.length; at += 1) {
    const char = content.charAt(at);
    if (quoted) {
      if (char !== '"') field += char;
      else if (content[at + 1] === '"') {
        field += char;
        at += 1;
      } else quoted = false;
    } else if (char === '"' && field.trim() === "") {
      field = "";
      quoted = true;
    } else if (char === separator) {
      row.fields.push(field);
      field = "";
    } else if (char === "\n") {
      endRow();
    } else if (char !== "\r") field += char;
    if (char === "\n") line += 1;
  }
  if (quoted) return null;
  endRow();
  return rows;
}

/** The one that stands most often in the first line. */
function separatorOf(content: string): string {
  const [first = ""] = content.split("\n", 1);
  const count = (char: string) => first.split(char).length;
  return [",", ";", "\t"].toSorted((one, other) => count(other) - count(one))[0] ?? ",";
}
