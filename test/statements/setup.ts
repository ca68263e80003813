import type { TestProject } from "vitest/node";
import { type DeclaredRows, declaredRows } from "./declared.ts";
import { makeTablesDatabase } from "./tables.ts";

/** Once per run: what statements and their rows are compared with. Comes after test/setup.ts, which starts the server. */
declare module "vitest" {
  interface ProvidedContext {
    /** The database whose tables are those of src/db/tables. */
    tablesUrl: string;
    declaredRows: DeclaredRows;
  }
}

export default async function setup(project: TestProject): Promise<void> {
  const { serverUrl, template } = project.getProvidedContext();
  project.provide("tablesUrl", await makeTablesDatabase(serverUrl, template));
  project.provide("declaredRows", declaredRows());
}
