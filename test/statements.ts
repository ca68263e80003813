import { afterAll, inject } from "vitest";
import { type Connection, connect } from "../src/db/client.ts";
import { listen, takeMisfits } from "./statements/heard.ts";

/**
 * Ends each file of tests with a look at the statements of src that it was the first to run: the tables of src/db/tables must
 * be able to answer each, and its rows must be what the code beside it declares.
 */
const worker = globalThis as { warmpoolTables?: Connection };

listen(inject("declaredRows"));

afterAll(async () => {
  // One a worker; it ends with the worker.
  const { db } = (worker.warmpoolTables ??= connect(inject("tablesUrl"), { max: 1 }));
  const misfits = await takeMisfits(db);
  if (misfits.length > 0)
    throw new Error(`These statements do not fit src/db/tables, or their row types:\n${misfits.join("\n")}`);
});
