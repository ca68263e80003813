import { importRecord, type ImportRecord } from "../../../src/contract/import.ts";
import type { Db } from "../../../src/db/client.ts";
import { startImport } from "../../../src/domain/imports/start.ts";
import { NO_SECRET_KEYS } from "../../../src/domain/secrets/keys.ts";
import { ADMIN, KEY_A } from "../../helpers/world.ts";

/** Anna's old record, and how an import begins in these tests. */
export const MACHINE = "vm-anna";
export const RECORD = {
  username: "anna",
  machine: MACHINE,
  host: "192.0.2.7",
  sshKeys: [KEY_A],
  outputs: { url: "http://192.0.2.7/" },
  params: { greeting: "hi" },
  externalId: "17",
};

export function start(db: Db, records: object[] = [RECORD], plan = false) {
  const parsed: ImportRecord[] = records.map((record) => importRecord.parse(record));
  return startImport(db, { records: parsed, plan, actor: ADMIN, keys: NO_SECRET_KEYS });
}
