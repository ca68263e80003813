import { type Node, type SourceFile } from "typescript/unstable/ast";
import { API } from "typescript/unstable/sync";

/**
 * The sources as the compiler sees them, for rules that no linter has.
 * @param config a part of them takes less time
 */
export function openSources(config = "tsconfig.json") {
  const api = new API({ cwd: process.cwd() });
  const snapshot = api.updateSnapshot({ openProject: config });
  const [project] = snapshot.getProjects();
  if (project === undefined) throw new Error(`${config} is no project`);
  const { program, checker } = project;
  const root = `${process.cwd()}/`;
  const files = program
    .getSourceFileNames()
    .filter((path) => path.startsWith(`${root}src/`))
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
