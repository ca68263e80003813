/**
 * The lines on which the elements of a JSON text's list begin: of the list itself, or of the first list in its object. The
 * text is known to be JSON.
 */
export function elementLines(text: string): number[] {
  const lines: number[] = [];
  let line = 1;
  let depth = 0;
  /** How deep the list is, once it has begun. */
  let listDepth: number | null = null;
  let isExpected = false;
  let inString = false;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charAt(at);
    if (char === "\n") line += 1;
    if (inString) {
      if (char === "\\") at += 1;
      else if (char === '"') inString = false;
      continue;
    }
    if (isExpected && !/[\s\],]/.test(char)) {
      lines.push(line);
      isExpected = false;
    }
    if (char === '"') inString = true;
    else if (char === "[" || char === "{") {
      depth += 1;
      if (char === "[" && listDepth === null) {
        listDepth = depth;
        isExpected = true;
      }
    } else if (char === "]" || char === "}") {
      if (depth === listDepth) return lines;
      depth -= 1;
    } else if (char === "," && depth === listDepth) isExpected = true;
  }
  return lines;
}
