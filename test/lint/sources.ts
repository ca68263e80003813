import { readFileSync } from "node:fs";
import { type Node, type SourceFile } from "typescript/unstable/ast";
import { API } from "typescript/unstable/sync";

/**
 * The sources as the compiler sees them, for rules that no linter has.
 * @param config what the compiler reads: a part takes less time
 * @param having only the files of it whose text has this
 */
export function openSources({ config = "tsconfig.json", having = /^/ } = {}) {
  const api = new API({ cwd: process.cwd() });
  const snapshot = api.updateSnapshot({ openProject: config });
  const [project] = snapshot.getProjects();
  if (project === undefined) throw new Error(`${config} is no project`);
  const { program, checker } = project;
  const root = `${process.cwd()}/`;
  const files = program
    .getSourceFileNames()
    .filter((path) => path.startsWith(`${root}src/`) && having.test(readFileSync(path, "utf8")))
    .map((path) => ({ name: path.slice(root.length), file: program.getSourceFile(path) as SourceFile }));
  return { files, checker, [Symbol.dispose]: () => api.close() };
}

/** Calls `look` with the node and all that is in it. */
export function visit(node: Node, look: (node: Node) => void): void {
  look(node);
  node.forEachChild((child) => {
    visit(child, look);
    return undefined;
  });
}
