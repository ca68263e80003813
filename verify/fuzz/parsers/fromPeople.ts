import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { bearerOf } from "../../../src/api/http/bearer.ts";
import { CliError } from "../../../src/cli/terminal/exit.ts";
import { readImport } from "../../../src/cli/inputs/importFile.ts";
import { readCsv } from "../../../src/cli/inputs/csv.ts";
import { elementLines } from "../../../src/cli/inputs/elementLines.ts";
import { readTesters } from "../../../src/cli/inputs/testersFile.ts";
import { readRecipe } from "../../../src/cli/inputs/recipeFolder.ts";
import { readLocal } from "../../../src/cli/session/target.ts";
import { parseDuration } from "../../../src/cli/terminal/time.ts";
import { recipe } from "../../../src/contract/recipe.ts";
import { listing } from "../../../src/contract/listing.ts";
import * as relay from "../../../src/contract/relay.ts";
import { readSshPublicKey } from "../../../src/contract/sshKey.ts";
import { readDatabaseUrl } from "../../../src/db/databaseUrl.ts";
import { patternOf } from "../../../src/domain/recipes/pattern.ts";
import { readWebhook } from "../../../src/domain/webhook/receiver.ts";
import { readContext, writeContext } from "../../../src/traces/context.ts";
import { readTraceSettings, TraceSettingsError } from "../../../src/traces/settings.ts";
import { KEY_A, RECIPE } from "../../../test/helpers/world.ts";
import { damaged, damagedJson } from "./bytes.ts";
import { must, orRefused, type Parser, parser } from "./parser.ts";

const TESTER = {
  username: "anna",
  machine: "vm-anna",
  "ssh keys": KEY_A,
  "param.a": "b",
  expires: "2030-01-01",
};

/** What callers send, relays report, and people write into files and settings. */
const RSA = `ssh-rsa ${Buffer.concat(
  [
    Buffer.from("ssh-rsa"),
    Buffer.from([1, 0, 1]),
    Buffer.concat([Buffer.from([0]), Buffer.alloc(256, 0xc3)]),
  ].flatMap((field) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    return [length, field];
  }),
).toString("base64")} bob@host`;
const PASSWORD = "hidden-password";
const TRACE = `00-${"a1".repeat(16)}-${"b2".repeat(8)}-01`;
const TRACE_SETTINGS = {
  OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318",
  OTEL_EXPORTER_OTLP_HEADERS: "a=b",
  OTEL_TRACES_SAMPLER_ARG: "1",
};
const SESSION = "2f1d1f5e-0000-4000-8000-000000000001";
const HELD = { id: SESSION, token: 7 };
const MESSAGES = [
  { schema: relay.joinInput, sample: { relayVersion: "1" } },
  {
    schema: relay.openInput,
    sample: { relayVersion: "1", driver: "local", driverVersion: "1", sshPublicKey: KEY_A, highestNumber: 3 },
  },
  { schema: relay.leaseInput, sample: { session: SESSION, waitSeconds: 0, free: 2 } },
  {
    schema: relay.renewInput,
    sample: {
      session: SESSION,
      operations: [{ ...HELD, progress: { kind: "setup", log: { at: 0, text: "x" } } }],
    },
  },
  {
    schema: relay.finishInput,
    sample: {
      session: SESSION,
      ...HELD,
      result: { outcome: "setup_failed", reason: "unreachable", message: "m" },
    },
  },
  { schema: listing, sample: { complete: true, machines: [{ name: "wp-1", state: "running" }] } },
];

/** Hands over a folder that is gone afterwards. */
function inFolder(use: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "fuzz-"));
  try {
    use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What the verb tells its user; not the whole file. */
const isTold = (error: Error) =>
  (error instanceof CliError || error.name === "InvalidArgumentError") && error.message.length < 100_000;

const inFile = (name: string, samples: readonly unknown[], read: (folder: string) => unknown, file: string) =>
  parser(
    name,
    damaged(samples.map((sample) => JSON.stringify(sample, null, 1))),
    (text) =>
      inFolder((folder) => {
        writeFileSync(join(folder, file), text);
        orRefused(() => read(folder), isTold);
      }),
    40,
  );

export const fromPeople: readonly Parser[] = [
  parser("SSH public keys", damaged([KEY_A, RSA]), (text) => {
    const read = readSshPublicKey(text);
    if ("problem" in read) return must(read.problem.length < 1000, "its problem quotes it whole");
    const again = readSshPublicKey(read.line);
    must("line" in again && again.line === read.line, "what was taken is not taken again");
    must(!/[\r\n\0]/.test(read.line), "it has several lines");
  }),
  parser("recipes", damagedJson([RECIPE]), (value) => {
    const { data } = recipe.safeParse(value);
    if (data === undefined) return;
    must(recipe.safeParse(JSON.parse(JSON.stringify(data))).success, "what was taken is not taken again");
  }),
  parser(
    "patterns of recipes, and values for them",
    fc.tuple(
      damaged(["([a-z0-9]+-?)+(\\.[a-z]+)*", "^(a|b)*c{1,50}$", "[[:alpha:]]\\x{1F600}", "(?:x?){500}"]),
      damaged(["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!", "a.b"]),
    ),
    ([pattern, value]) => {
      const made = patternOf(pattern.slice(0, 500));
      if (typeof made !== "string") made.fits(value.slice(0, 4096));
    },
    60,
  ),
  parser(
    "messages of relays",
    fc
      .constantFrom(...MESSAGES)
      .chain(({ schema, sample }) => damagedJson([sample]).map((value) => ({ schema, value }))),
    ({ schema, value }) => {
      schema.safeParse(value);
    },
  ),
  inFile(
    "import files",
    [{ recipes: [RECIPE], pools: [{ name: "p" }] }],
    (folder) => readImport(join(folder, "import.json")),
    "import.json",
  ),
  inFile(
    "files of testers",
    [[TESTER, TESTER], { of: ["x"], testers: [TESTER] }],
    (folder) => readTesters(join(folder, "testers.json")),
    "testers.json",
  ),
  parser("lines of the records in files of testers", damagedJson([[TESTER, "a", [TESTER]]]), (value) => {
    const lines = elementLines(JSON.stringify(value, null, 1));
    if (Array.isArray(value))
      must(lines.length === value.length, `${value.length} records, ${lines.length} lines`);
  }),
  parser(
    "comma-separated values",
    damaged([`a,"b ""c""\n",d\r\n1;2\t3\n`, "username;machine\nanna;vm\n"]),
    (text) => {
      const read = readCsv(text);
      must(read === null || read.every(({ line }, at) => line > (read[at - 1]?.line ?? 0)), "lines go back");
    },
  ),
  inFile(
    "recipe folders",
    [{ ...RECIPE, steps: [{ id: "a", title: "A", script: "recipe.json", timeoutSeconds: 5 }] }],
    readRecipe,
    "recipe.json",
  ),
  inFile(
    "local.json",
    [{ url: "http://127.0.0.1:1", adminToken: "a", appToken: "b", pids: {} }],
    readLocal,
    "local.json",
  ),
  parser(
    "URLs of databases",
    damaged([`postgres://u:${PASSWORD}@[::1]:5432/db?sslmode=require`, `postgres://u:${PASSWORD}@h/d`]),
    (text) => {
      const read = readDatabaseUrl(text);
      must(!("problem" in read) || !read.problem.includes(PASSWORD), "its password is in what is said of it");
    },
  ),
  parser(
    "settings of webhooks",
    fc.tuple(
      damaged([`https://u:${PASSWORD}@h/x`, "http://127.0.0.1/"]),
      damaged([`whsec_${"A".repeat(32)}`]),
    ),
    ([url, secret]) => {
      const read = readWebhook(url, secret);
      must(read === null || !("problem" in read) || !read.problem.includes(PASSWORD), "a secret is told");
    },
  ),
  parser("durations", damaged(["90s", "1h30m", "7d"]), (text) => {
    const seconds = orRefused(() => parseDuration(text), isTold);
    must(seconds === null || Number.isSafeInteger(seconds), `${text} is ${seconds} s`);
  }),
  parser("bearer tokens", damaged(["Bearer wp_app_abc", "bearer x y"]), (text) => {
    const token = bearerOf(text);
    must(token === null || text.includes(token), "a token is made up");
  }),
  parser("trace contexts of callers", damaged([TRACE]), (text) => {
    const context = readContext(text);
    must(
      context === null || writeContext(context).slice(0, -2) === text.slice(0, -2),
      "it has become another",
    );
  }),
  parser(
    "settings of traces",
    damaged([`authorization=Basic%20${PASSWORD},x-tenant=one`, `http://u:${PASSWORD}@h:4318/a`]),
    (text) =>
      Object.keys(TRACE_SETTINGS).forEach((name) =>
        orRefused(
          () => readTraceSettings({ ...TRACE_SETTINGS, [name]: text }),
          (error) => error instanceof TraceSettingsError && !error.message.includes(PASSWORD),
        ),
      ),
  ),
];
