import type { Tree } from "./tree.ts";

/** Whether a path from the root names a file, a folder or, with stars, at least one file. */
export type Paths = {
  has(path: string): boolean;
  /** Whether a file has this name, alone or behind the last folders of its path. `X.test.ts` stands for any. */
  hasName(name: string): boolean;
};

export function pathsOf(tree: Tree): Paths {
  const files = [...tree.keys()];
  const known = new Set<string>();
  for (const file of files) {
    known.add(file);
    for (let end = file.indexOf("/"); end >= 0; end = file.indexOf("/", end + 1))
      known.add(file.slice(0, end));
  }
  const matches = (before: string, glob: string) => {
    const pattern = new RegExp(`^${before}${regexOf(glob)}$`);
    return files.some((file) => pattern.test(file));
  };
  return {
    has: (path) => {
      const trimmed = path.replace(/\/$/, "");
      return trimmed.includes("*") ? matches("", trimmed) : known.has(trimmed);
    },
    hasName: (name) => known.has(name) || matches("(?:.*/)?", name.replace(/^X\./, "*.")),
  };
}

function regexOf(glob: string): string {
  const parts = glob.split(/(\*\*\/|\*+)/).map((part) => {
    if (part === "**/") return "(?:.*/)?";
    if (part.startsWith("*")) return part === "*" ? "[^/]*" : ".*";
    return part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`);
  });
  return parts.join("");
}
