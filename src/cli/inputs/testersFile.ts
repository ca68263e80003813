import * as z from "zod";
import { type ImportRecord, importRecord } from "../../contract/import.ts";
import { fieldName, problemsOf } from "../../contract/issues.ts";
import { own } from "../../contract/own.ts";
import { CliError, EXIT } from "../terminal/exit.ts";
import { readCsv } from "./csv.ts";
import { elementLines } from "./elementLines.ts";
import { readJson, readText } from "./jsonFile.ts";

/**
 * What `warmpool import-testers` reads: old records, one machine for each tester. Systems name their columns in many ways,
 * so capitals, blanks, `-` and `_` in names do not count, common other names are taken too, and what is none of ours is
 * left out and listed. A record that is wrong does not keep the others back.
 */
export type TesterRow = {
  line: number;
  /** Who it is about, as far as that can be read. */
  who: string;
} & ({ record: ImportRecord } | { problem: { why: string; fix: string } });

export type TestersFile = {
  rows: TesterRow[];
  /** Fields of the file that are not read. */
  ignored: string[];
};

/** Our names, by the names that others have for them. */
const NAMES: Record<string, keyof ImportRecord> = {
  ...{ username: "username", tester: "username", testername: "username", login: "username" },
  ...{ pool: "pool", node: "node", nodename: "node" },
  ...{ machine: "machine", machinename: "machine", vm: "machine", vmname: "machine", instance: "machine" },
  ...{ name: "machine", reference: "machine", ref: "machine" },
  ...{ host: "host", ip: "host", address: "host", hostname: "host", port: "port", sshport: "port" },
  ...{ relayhost: "relayHost", relayport: "relayPort" },
  ...{ user: "user", sshuser: "user", account: "user" },
  ...{ sshkeys: "sshKeys", sshkey: "sshKeys", keys: "sshKeys", key: "sshKeys", publickey: "sshKeys" },
  ...{ publickeys: "sshKeys", hostkey: "hostKey", fingerprint: "hostKey" },
  ...{ externalid: "externalId", params: "params", outputs: "outputs", url: "outputs" },
  ...{ expiresat: "expiresAt", expiry: "expiresAt", expires: "expiresAt", expirydate: "expiresAt" },
  ...{ validuntil: "expiresAt" },
};

/** `param.NAME` and `output.NAME`: one value each, as columns can have them. */
const MEMBER = /^(param|output)s?[.:](.+)$/i;

/** @throws CliError (wrong use) where the file as a whole cannot be read. */
export function readTesters(path: string): TestersFile {
  const text = readText(path);
  const isJson = /^\s*[[{]/.test(text);
  const found = isJson ? jsonRecords(path, text) : csvRecords(path, text);
  if (found.length === 0) throw new CliError(EXIT.wrongUse, `${path} has no records.`, FORMS);
  const ignored = new Set<string>();
  const rows = found.map(({ line, values }) => rowOf(line, values, ignored));
  return { rows: withoutTwins(rows), ignored: [...ignored] };
}

const FORMS = "docs/import.md says what a file of testers looks like.";

type Found = { line: number; values: unknown };

function jsonRecords(path: string, text: string): Found[] {
  const read = z
    .union([
      z.array(z.unknown()),
      z.object({ testers: z.array(z.unknown()) }).transform(({ testers }) => testers),
    ])
    .safeParse(readJson(path));
  if (!read.success)
    throw new CliError(EXIT.wrongUse, `${path} is neither a list nor an object with a list testers.`, FORMS);
  const lines = elementLines(text);
  return read.data.map((values, index) => ({ line: lines[index] ?? 1, values }));
}

function csvRecords(path: string, text: string): Found[] {
  const rows = readCsv(text);
  if (rows === null) throw new CliError(EXIT.wrongUse, `${path} has a quote that is never closed.`, FORMS);
  const [header, ...records] = rows;
  const columns = (header?.fields ?? []).map((column) => column.trim());
  const known = new Set(columns.map((column) => nameOf(column)?.field));
  const missing = (["username", "machine"] as const).filter((name) => !known.has(name));
  if (missing.length > 0)
    throw new CliError(
      EXIT.wrongUse,
      `${path} has no column ${missing.join(" and no column ")} in its first line.`,
      FORMS,
    );
  return records.map(({ line, fields }) => {
    const more = fields.length - columns.length;
    if (more > 0) return { line, values: `it has ${more} more fields than the first line` };
    return { line, values: Object.fromEntries(columns.map((column, at) => [column, fields[at] ?? ""])) };
  });
}

/** @param ignored gets the names that are none of ours */
function rowOf(line: number, values: unknown, ignored: Set<string>): TesterRow {
  if (typeof values !== "object" || values === null || Array.isArray(values)) {
    const why = typeof values === "string" && values.startsWith("it has ") ? values : "it is no object";
    return { line, who: "?", problem: { why, fix: "Correct the line in the file." } };
  }
  const fields = new Map<string, unknown>();
  for (const [name, value] of Object.entries(values)) {
    const known = nameOf(name);
    if (known === null) ignored.add(name);
    else if (value === "" || value === null) continue;
    else if (known.member !== null) {
      fields.set(known.field, { ...asObject(fields.get(known.field)), [known.member]: value });
    } else if (!fields.has(known.field) || name === known.field) {
      fields.set(known.field, shaped(known.field, value));
    }
  }
  const given = Object.fromEntries(fields);
  const username = given["username"];
  const who = typeof username === "string" ? username : "?";
  const parsed = importRecord.safeParse(given);
  if (parsed.success) return { line, who, record: parsed.data };
  const problems = problemsOf(parsed.error.issues).map(({ path, words }) => `${fieldName(path)}: ${words}`);
  return { line, who, problem: { why: problems.join("; "), fix: "Correct it in the file." } };
}

function nameOf(name: string): { field: keyof ImportRecord; member: string | null } | null {
  const [, kind, member] = MEMBER.exec(name.trim()) ?? [];
  if (kind !== undefined && member !== undefined) {
    return { field: kind.toLowerCase() === "param" ? "params" : "outputs", member };
  }
  const plain = name.toLowerCase().replaceAll(/[\s_-]/g, "");
  const field = own(NAMES, plain);
  if (field === undefined) return null;
  return { field, member: plain === "url" ? "url" : null };
}

function asObject(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

/** A text as the field has it: numbers, lists and moments are texts in CSV. What does not fit stays, and is refused. */
function shaped(field: keyof ImportRecord, value: unknown): unknown {
  const text = typeof value === "string" ? value.trim() : null;
  if (field === "sshKeys" && text !== null) {
    return text.split(/[\n|]/).flatMap((key) => (key.trim() === "" ? [] : [key.trim()]));
  }
  if ((field === "port" || field === "relayPort") && text !== null && /^\d+$/.test(text)) return Number(text);
  if (field === "externalId" && typeof value === "number") return String(value);
  if (field === "expiresAt" && text !== null) return momentOf(text);
  return text ?? value;
}

/** A day ends with its last second, and a time without a zone is UTC. */
function momentOf(text: string): string {
  const [, day, time = "23:59:59", zone = "Z"] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?))?\s?(Z|[+-]\d\d:\d\d)?$/.exec(text) ?? [];
  return day === undefined ? text : `${day}T${time.length === 5 ? `${time}:00` : time}${zone}`;
}

/** Of two records about one tester, one machine or one address the later one is refused: nobody can say which is right. */
function withoutTwins(rows: readonly TesterRow[]): TesterRow[] {
  const first = new Map<string, number>();
  return rows.map((row) => {
    if (!("record" in row)) return row;
    const { line, who, record } = row;
    const { username, pool = "", node = "", machine, host, port = 22 } = record;
    const marks: [string, string][] = [
      [`tester ${pool} ${username}`, `the tester ${username}`],
      [`machine ${node} ${machine}`, `the machine ${machine}`],
      ...(host === undefined
        ? []
        : [[`at ${node} ${host} ${port}`, `${host}:${port}`] satisfies [string, string]]),
    ];
    const twin = marks.find(([mark]) => first.has(mark));
    if (twin !== undefined) {
      const why = `${twin[1]} already appears on line ${first.get(twin[0])}`;
      return { line, who, problem: { why, fix: "Keep the record that is right, and remove the other." } };
    }
    for (const [mark] of marks) first.set(mark, line);
    return row;
  });
}
