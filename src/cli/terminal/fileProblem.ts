import { statSync } from "node:fs";
import { dirname } from "node:path";

/** Why a file or a folder that a person named could not be read, as the end of a sentence. */
export function fileProblem(path: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "ENOENT": {
      const folder = dirname(path);
      return kindOf(folder) === "missing" ? `there is no folder ${folder}` : "there is no such file";
    }
    case "ENOTDIR":
      return `${fileAbove(path)} is a file, not a folder`;
    case "EISDIR":
      return "it is a folder, not a file";
    case "EACCES":
    case "EPERM":
      return "you are not allowed to read it";
    default:
      return error instanceof Error ? error.message : String(error);
  }
}

/** The part of the path that is not a folder, although more follows it. */
function fileAbove(path: string): string {
  const above = dirname(path);
  return above === path || kindOf(above) === "file" ? above : fileAbove(above);
}

function kindOf(path: string): "folder" | "file" | "missing" | "unknown" {
  try {
    return statSync(path).isDirectory() ? "folder" : "file";
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    return code === "ENOENT" ? "missing" : "unknown";
  }
}
